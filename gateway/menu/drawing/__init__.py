"""Pure: a menu drawn as SVG or as Mermaid text."""
