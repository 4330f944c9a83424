"""Settings: every one typed, read once from the environment and a TOML file."""

from gateway.settings.loading import read_settings
from gateway.settings.settings import ChannelSettings, SettingRow, Settings
from gateway.settings.sources import SettingsRefused

__all__ = ["ChannelSettings", "SettingRow", "Settings", "SettingsRefused", "read_settings"]
