"""What every table of config.toml is made of."""

from pydantic import BaseModel, ConfigDict


class Table(BaseModel):
    """One table: a key that is not known is a fault, and what was read does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)
