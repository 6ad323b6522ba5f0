"""Twenty shapes that latencies take, as tenths of a millisecond: what percentiles are tried on."""

import random
from collections.abc import Callable, Mapping
from types import MappingProxyType

Dice = random.Random


def _of(draw: Callable[[Dice], float]) -> Callable[[Dice, int], list[int]]:
    return lambda dice, count: [max(0, round(draw(dice))) for _ in range(count)]


SHAPES: Mapping[str, Callable[[Dice, int], list[int]]] = MappingProxyType(
    {
        "zeros": _of(lambda _dice: 0),
        "constant": _of(lambda _dice: 2_503),
        "constant and large": _of(lambda _dice: 35_999_999),
        "small whole numbers": _of(lambda dice: dice.randrange(60)),
        "zeros and some": _of(lambda dice: 0 if dice.random() < 0.7 else dice.uniform(1, 90_000)),
        "one outlier": lambda dice, count: [1_200] * (count - 1) + [dice.randrange(500_000, 36_000_000)],
        "one small": lambda dice, count: [dice.randrange(3)] + [88_888] * (count - 1),
        "uniform": _of(lambda dice: dice.uniform(100, 20_000)),
        "normal": _of(lambda dice: dice.gauss(5_000, 700)),
        "narrow": _of(lambda dice: dice.gauss(100_000, 3)),
        "exponential": _of(lambda dice: dice.expovariate(1 / 8_000)),
        "log-normal": _of(lambda dice: dice.lognormvariate(8, 1)),
        "heavy tail": _of(lambda dice: 500 * dice.paretovariate(0.9)),
        "heavier tail": _of(lambda dice: min(1e9, 10 * dice.paretovariate(0.4))),
        "bimodal": _of(lambda dice: dice.gauss(*dice.choice([(800, 60), (60_000, 4_000)]))),
        "bimodal, one rare": _of(lambda dice: dice.gauss(*((800, 60) if dice.random() < 0.951 else (60_000, 40)))),
        "three peaks": _of(lambda dice: dice.gauss(*dice.choice([(90, 9), (3_000, 90), (100_000, 900)]))),
        "steps": _of(lambda dice: 1_000 * 2 ** dice.randrange(12)),
        "cut off at the timeout": _of(lambda dice: min(100_000, dice.lognormvariate(11, 1))),
        "every magnitude": _of(lambda dice: 10 ** dice.uniform(0, 7.5)),
    }
)
