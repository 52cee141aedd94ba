"""What a measurement prints."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """One number with what was promised of it."""

    name: str
    value: float
    unit: str
    promise: str = ""
    """`at least 0.7`, for people."""
    kept: bool = True
    details: str = ""

    def __str__(self) -> str:
        mark = "" if not self.promise else f"  (promised: {self.promise}{'' if self.kept else ', NOT KEPT'})"
        return f"{self.name:55} {self.value:10.3g} {self.unit:6}{mark}" + (f"  {self.details}" if self.details else "")


def at_least(name: str, value: float, least: float, unit: str = "x", details: str = "") -> Result:
    return Result(name, value, unit, f"at least {least:g}", value >= least, details)


def under(name: str, value: float, most: float, unit: str, details: str = "") -> Result:
    return Result(name, value, unit, f"under {most:g}", value < most, details)
