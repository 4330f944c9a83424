"""Pure: drawings of a menu, as SVG or as Mermaid text."""
