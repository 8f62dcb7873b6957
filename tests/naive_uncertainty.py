"""Confidence intervals and the permutation test again: sums over units, and bounds by bisection.

Written from the definitions and docstrings alone. Lengths are (length, ended, since or None, unit).
"""

import math
from fractions import Fraction
from itertools import combinations, product

from scipy.special import betainc, gammainc


def bisect(is_below, low, high):
    """Return where a monotonic condition ceases to be true between two numbers."""
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if is_below(middle) else (low, middle)
    return (low + high) / 2


def t_quantile(degrees, confidence):
    """Return the two-sided quantile of Student's t, from the incomplete beta function."""

    def outside(t):
        return betainc(degrees / 2, 0.5, degrees / (degrees + t * t))

    return bisect(lambda t: outside(t) > 1 - confidence, 0.0, 1e6)


def curve(lengths):
    """Return (length, at risk, ended, unobserved ends, share) of each length, from 0 on."""
    rows, share = [], Fraction(1)
    for length in sorted({0, *(own[0] for own in lengths)}):
        at_risk = [own for own in lengths if is_at_risk(own, length)]
        ended = sum(own[0] == length and own[1] for own in lengths)
        if ended:
            share *= 1 - Fraction(ended, len(at_risk))
        unobserved = sum(own[0] == length and not own[1] for own in lengths)
        rows.append((length, len(at_risk), ended, unobserved, share))
    return rows


def is_at_risk(own, length):
    """Return whether an observation is at risk of ending at a length."""
    return own[0] >= length and (own[2] is None or own[2] < length)


def units_at_risk_after(lengths, length):
    """Return the units that are at risk at the next length, none after the last one."""
    following = next((row[0] for row in curve(lengths) if row[0] > length), math.inf)
    return {own[3] for own in lengths if is_at_risk(own, following)}


def influences(lengths, until):
    """Return unit -> its influence on the logarithm of the share at a length (Ying and Wei)."""
    moved = {}
    for unit in sorted({own[3] for own in lengths}):
        total = Fraction(0)
        for length, at_risk, ended, _, _ in curve(lengths):
            if ended and length <= until and at_risk > ended:
                own = [one for one in lengths if one[3] == unit]
                mine = sum(one[0] == length and one[1] for one in own)
                risk = sum(is_at_risk(one, length) for one in own)
                total -= Fraction(mine * at_risk - risk * ended, at_risk * (at_risk - ended))
        moved[unit] = total
    return moved


def share_variance(lengths, until):
    """Return V = n / (n - 1) times the sum of the squared influences on the share at a length."""
    share = next(row[4] for row in reversed(curve(lengths)) if row[0] <= until)
    moved = influences(lengths, until)
    n = len(moved)
    return Fraction(n, n - 1) * sum((share * own) ** 2 for own in moved.values())


def effective_number(lengths, until, confidence):
    """Return the number of independent observations that a share between 0 and 1 is worth."""
    share = next(row[4] for row in reversed(curve(lengths)) if row[0] <= until)
    n, m = len({own[3] for own in lengths}), len(lengths)
    variance = share_variance(lengths, until)
    worth = min(share * (1 - share) / variance, m) if variance else m
    ratio = t_quantile(m - 1, confidence) / t_quantile(n - 1, confidence)
    return float(worth) * float(ratio) ** 2


def binomial_tail(least, number, probability):
    """Return the probability of at least ``least`` successes; numbers need not be whole."""
    if least == int(least) and number == int(number):
        whole = int(number)
        return math.fsum(
            math.comb(whole, k) * probability**k * (1 - probability) ** (whole - k)
            for k in range(int(least), whole + 1)
        )
    return betainc(least, number - least + 1, probability)


def clopper_pearson(successes, number, confidence):
    """Return the bounds of a share: where each tail of the binomial has half of the error."""
    tail = (1 - confidence) / 2
    low, high = 0.0, 1.0
    if successes > 0:
        low = bisect(lambda p: binomial_tail(successes, number, p) < tail, 0.0, 1.0)
    if successes < number:
        high = bisect(lambda p: 1 - binomial_tail(successes + 1, number, p) > tail, 0.0, 1.0)
    return low, high


def share_bounds(lengths, until, confidence):
    """Return the Korn-Graubard bounds of a share between 0 and 1."""
    share = next(row[4] for row in reversed(curve(lengths)) if row[0] <= until)
    number = effective_number(lengths, until, confidence)
    return clopper_pearson(float(share) * number, number, confidence)


def restricted_mean(lengths, horizon):
    """Return the area below the curve up to the horizon."""
    return area(curve(lengths), 0, horizon)


def area(rows, start, horizon):
    """Return the area below a curve between two lengths."""
    total = Fraction(0)
    for index, row in enumerate(rows):
        until = rows[index + 1][0] if index + 1 < len(rows) else horizon
        total += row[4] * max(min(until, horizon) - max(row[0], start), 0)
    return total


def restricted_mean_interval(lengths, horizon, confidence):
    """Return the interval of the logit of mean / horizon by the robust variance of the area."""
    rows, units = curve(lengths), sorted({own[3] for own in lengths})
    moved = dict.fromkeys(units, Fraction(0))
    for length, at_risk, ended, _, _ in rows:
        if not ended or length >= horizon:
            continue
        for unit in units:
            own = [one for one in lengths if one[3] == unit]
            mine = sum(one[0] == length and one[1] for one in own)
            risk = sum(is_at_risk(one, length) for one in own)
            if at_risk > ended:
                change = Fraction(mine * at_risk - risk * ended, at_risk * (at_risk - ended))
                moved[unit] -= change * area(rows, length, horizon)
    n, mean = len(units), restricted_mean(lengths, horizon)
    variance = float(Fraction(n, n - 1) * sum(own**2 for own in moved.values()))
    share = float(mean / horizon)
    width = t_quantile(n - 1, confidence) * math.sqrt(variance) / horizon / (share * (1 - share))
    logit = math.log(share / (1 - share))
    return tuple(horizon / (1 + math.exp(-(logit + sign * width))) for sign in (-1, 1))


def ratio_interval(above, below, units, confidence):
    """Return (ratio, low, high) of two sums: the jackknife of the logarithm over units."""
    ratio, logs = Fraction(sum(above), sum(below)), []
    for unit in sorted(set(units)):
        left_above = sum(value for value, own in zip(above, units, strict=True) if own != unit)
        left_below = sum(value for value, own in zip(below, units, strict=True) if own != unit)
        logs.append(math.log(Fraction(left_above, left_below)))
    n, mean = len(logs), math.fsum(logs) / len(logs)
    variance = (n - 1) / n * math.fsum((own - mean) ** 2 for own in logs)
    width = t_quantile(n - 1, confidence) * math.sqrt(variance)
    return float(ratio), float(ratio) * math.exp(-width), float(ratio) * math.exp(width)


def poisson_tail(least, mean):
    """Return the probability of at least ``least`` events; it need not be whole."""
    return gammainc(least, mean)


def garwood(count, confidence):
    """Return the bounds of a Poisson count."""
    tail, most = (1 - confidence) / 2, 20 + 10 * count
    low = bisect(lambda mean: poisson_tail(count, mean) < tail, 0.0, most) if count else 0.0
    return low, bisect(lambda mean: 1 - poisson_tail(count + 1, mean) > tail, 0.0, most)


def count_interval(sizes, confidence):
    """Return the bounds of a count from the number of events of each unit."""
    factor = sum(size**2 for size in sizes) / sum(sizes) if sum(sizes) else 1.0
    return tuple(factor * bound for bound in garwood(sum(sizes) / factor, confidence))


def daily_interval(counts, confidence):
    """Return the interval of the mean count per day."""
    d = len(counts)
    mean = Fraction(sum(counts), d)
    variance = sum((count - mean) ** 2 for count in counts) / (d - 1)
    width = t_quantile(d - 1, confidence) * math.sqrt(max(variance, mean) / d) / float(mean)
    return float(mean), float(mean) * math.exp(-width), float(mean) * math.exp(width)


def assignments(groups, first, watched):
    """Yield (which groups are in the first set, probability): all assignments of groups to two sets."""
    if watched is None:
        every = list(combinations(range(groups), first))
        yield from ((set(own), Fraction(1, len(every))) for own in every)
        return
    share = Fraction(watched[0], sum(watched))
    for labels in product([True, False], repeat=groups):
        chosen = {index for index, label in enumerate(labels) if label}
        yield chosen, share ** len(chosen) * (1 - share) ** (groups - len(chosen))


def compare_groups(seconds, people, first, watched=None):
    """Return (z, p) of each cell by all assignments.

    ``seconds`` is one list of whole numbers per group, one for each cell; ``people`` is the number of people
    of each group. The first ``first`` groups are the first set. The standard deviation of a difference per
    person is that of its linear part: how far the seconds of the groups exceed those of as many people on
    average.
    """
    groups, cells = range(len(seconds)), range(len(seconds[0]))

    def differences(chosen, values, sizes=None):
        own = sizes or [sum(people[g] for g in groups if (g in chosen) is side) for side in (True, False)]
        return [
            sum(
                values[g][cell] * (Fraction(1, own[0]) if g in chosen else -Fraction(1, own[1]))
                for g in groups
            )
            for cell in cells
        ]

    given = set(range(first))
    every = list(assignments(len(seconds), first, watched))
    excess, sizes = seconds, watched
    if watched is None:
        rates = [Fraction(sum(own[cell] for own in seconds), sum(people)) for cell in cells]
        excess = [[seconds[g][cell] - rates[cell] * people[g] for cell in cells] for g in groups]
        sizes = sum(people[:first]), sum(people[first:])
    around = [(differences(chosen, excess, sizes), weight) for chosen, weight in every]
    means = [sum(own[cell] * weight for own, weight in around) for cell in cells]
    variances = [sum((own[cell] - means[cell]) ** 2 * weight for own, weight in around) for cell in cells]

    def squares(chosen):
        own = differences(chosen, seconds, watched)
        return [own[cell] ** 2 / variances[cell] if variances[cell] else Fraction(0) for cell in cells]

    largest = [(max(squares(chosen)), weight) for chosen, weight in every]
    p = [sum(weight for most, weight in largest if most >= own) for own in squares(given)]
    signs = differences(given, seconds, watched)
    z = [math.copysign(math.sqrt(own), signs[cell]) for cell, own in enumerate(squares(given))]
    return z, [float(own) for own in p]
