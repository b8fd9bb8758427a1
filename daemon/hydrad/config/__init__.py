"""The configuration: its keys, where each value came from, and what is wrong with a file. Owns the schema.

Built-in values < `config.toml` < `conf.d/*.toml` in the order of their names < the environment < flags. In the
environment a key is `HYDRA_<SECTION>__<KEY>`, such as `HYDRA_RISK__OPEN_RISK_MAX_PERCENT`. A later source
replaces a value whole, tables too. Nothing secret is in it. Money and percentages are text, so that no float
ever stands between a person and a limit.
"""

from hydrad.config.homes import Apex, Bridge, Daemon, Market, News, Operators, Paper, Scheduler
from hydrad.config.loading import (
    BUILT_IN,
    ConfigError,
    Loaded,
    Problem,
    Source,
    checked,
    example,
    load,
    unknown,
    value_text,
)
from hydrad.config.people import Apprise, Bot, Email, Hud, OnCall, Secrets, Webhook
from hydrad.config.schema import KEYS, RULES, SECRET_FILES, Config, Key, key_of, secret_files
from hydrad.config.values import (
    is_loopback,
    parse_address,
    parse_api_url,
    parse_groups,
    parse_names,
    parse_public_url,
    parse_speed,
    parse_times,
    parse_webhook,
    words,
)

__all__ = [
    "BUILT_IN",
    "KEYS",
    "RULES",
    "SECRET_FILES",
    "Apex",
    "Apprise",
    "Bot",
    "Bridge",
    "Config",
    "ConfigError",
    "Daemon",
    "Email",
    "Hud",
    "Key",
    "Loaded",
    "Market",
    "News",
    "OnCall",
    "Operators",
    "Paper",
    "Problem",
    "Scheduler",
    "Secrets",
    "Source",
    "Webhook",
    "checked",
    "example",
    "is_loopback",
    "key_of",
    "load",
    "parse_address",
    "parse_api_url",
    "parse_groups",
    "parse_names",
    "parse_public_url",
    "parse_speed",
    "parse_times",
    "parse_webhook",
    "secret_files",
    "unknown",
    "value_text",
    "words",
]
