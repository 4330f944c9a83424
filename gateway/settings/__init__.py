"""Settings: every one typed, read once from the environment and a TOML file."""

from gateway.settings.channel import ChannelSettings, ChannelVariants
from gateway.settings.loading import load_settings
from gateway.settings.settings import SettingRow, Settings
from gateway.settings.sources import SettingsRefused

__all__ = ["ChannelSettings", "ChannelVariants", "SettingRow", "Settings", "SettingsRefused", "load_settings"]
