"""How long stays last, again as slow loops over stays, in exact fractions."""

from fractions import Fraction


def curve(stays):
    """Give (length, at risk, ended, cut, share) of stays (length, ended, since or None)."""
    rows, share = [], Fraction(1)
    for length in sorted({0, *(stay[0] for stay in stays)} if stays else []):
        at_risk = sum(own >= length and (since is None or since < length) for own, _, since in stays)
        ended = sum(own == length and seen for own, seen, _ in stays)
        cut = sum(own == length and not seen for own, seen, _ in stays)
        if ended:
            share *= 1 - Fraction(ended, at_risk)
        rows.append((length, at_risk, ended, cut, share))
    return rows


def variances(stays, whose):
    """Give the cluster-robust variance of each share, by the influence of each unit at each length."""
    units = sorted(set(whose))
    moved, share, rows = dict.fromkeys(units, Fraction(0)), Fraction(1), []
    for length, at_risk, ended, _, after in curve(stays):
        if ended and at_risk > ended:
            for unit in units:
                own = [stay for stay, of in zip(stays, whose, strict=True) if of == unit]
                risk = sum(n >= length and (since is None or since < length) for n, _, since in own)
                gone = sum(n == length and seen for n, seen, _ in own)
                moved[unit] += (gone - risk * Fraction(ended, at_risk)) / (at_risk - ended)
        share = after
        n = len(units)
        rows.append(share**2 * Fraction(n, n - 1) * sum(move**2 for move in moved.values()))
    return rows


def quantile(stays, share):
    """Give the first length that at most 1 - share of the stays last beyond, or None."""
    return next(
        (row[0] for row in curve(stays) if row[4] <= 1 - Fraction(share).limit_denominator(1000)), None
    )


def restricted_mean(stays, horizon):
    """Add up the area below the curve ms by ms, or give None where it is not known."""
    rows = curve(stays)
    if not rows or (rows[-1][4] > 0 and horizon > rows[-1][0]):
        return None
    return sum(next(row[4] for row in reversed(rows) if row[0] <= moment) for moment in range(horizon))


def queue(waits, close):
    """List (time, persons) where the number of waits (from, to) changes; the last row repeats the number."""
    moments = sorted({0, close, *(moment for wait in waits for moment in wait)})
    rows = [(moment, sum(a <= moment < b for a, b in waits)) for moment in moments]
    kept = [
        row for place, row in enumerate(rows) if place == 0 or row[0] == close or row[1] != rows[place - 1][1]
    ]
    return [*kept[:-1], (close, kept[-2][1])] if len(kept) > 1 else kept


def staff(stays, *, min_stay, zones, recurrence):
    """Give person -> the rules met, of stays (zone, person, dwell)."""
    found = {}
    for person in {stay[1] for stay in stays}:
        own = [stay for stay in stays if stay[1] == person]
        rules = []
        if any(dwell >= min_stay for *_, dwell in own):
            rules.append("stay")
        if any(zone in zones for zone, *_ in own):
            rules.append("zone")
        if any(sum(other[0] == zone for other in own) >= recurrence for zone, *_ in own):
            rules.append("recurrence")
        if rules:
            found[person] = ", ".join(rules)
    return found
