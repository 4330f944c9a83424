"""The settings of the gateway, and the one way to read them."""

from gateway.settings.origins import SettingsRefused
from gateway.settings.reading import read_settings
from gateway.settings.settings import ChannelSettings, Row, Settings

__all__ = ["ChannelSettings", "Row", "Settings", "SettingsRefused", "read_settings"]
