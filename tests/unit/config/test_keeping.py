"""For how long what is kept: defaults that give way, values that cannot hold together."""

from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.config.duration import format_duration
from monitor.config.keeping import Keeping

DAY_S = 86_400
KEYS = ("raw_retention", "five_minute_retention", "hourly_retention", "daily_retention")


def _days(**days: int) -> tuple[float | None, ...]:
    """The ages in days, by what is set."""
    kept = Keeping.model_validate({f"{name}_retention": f"{count}d" for name, count in days.items()})
    ages = (kept.raw_retention_s, kept.five_minute_retention_s, kept.hourly_retention_s, kept.daily_retention_s)
    return tuple(None if age is None else age / DAY_S for age in ages)


def test_nothing_set() -> None:
    """Ninety days of results, two years of hours, days for ever, no limit of size."""
    assert _days() == (90, 90, 730, None)
    assert Keeping().ages.size_limit is None


def test_a_default_gives_way_to_what_is_set() -> None:
    """A coarser default is lengthened, a finer one shortened."""
    assert _days(raw=365) == (365, 365, 730, None)
    assert _days(raw=1000) == (1000, 1000, 1000, None)
    assert _days(hourly=30) == (30, 30, 30, None)
    assert _days(raw=7, daily=3650) == (7, 90, 730, 3650)
    assert _days(raw=10, daily=60) == (10, 60, 60, 60)


@given(st.dictionaries(st.sampled_from(KEYS), st.integers(min_value=1, max_value=4000)))
def test_no_level_is_kept_for_less_long_than_a_finer_one(days: dict[str, int]) -> None:
    """Either all ages rise, and what is set holds, or the one that is too short is named."""
    table = {key: format_duration(count * DAY_S) for key, count in days.items()}
    try:
        kept = Keeping.model_validate(table)
    except ValidationError as error:
        wrong = {problem["loc"][0] for problem in error.errors()}
        longest = [max(days[finer] for finer in KEYS[: KEYS.index(str(key))] if finer in days) for key in wrong]
        assert all(days[str(key)] < age for key, age in zip(wrong, longest, strict=True))
        return
    ages = [kept.raw_retention_s, kept.five_minute_retention_s, kept.hourly_retention_s]
    ages += [] if kept.daily_retention_s is None else [kept.daily_retention_s]
    assert ages == sorted(ages)
    assert all(getattr(kept, f"{key}_s") == count * DAY_S for key, count in days.items())
