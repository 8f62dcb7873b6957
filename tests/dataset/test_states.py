"""A figure has a value, is withheld, or is not covered; no reader confuses them."""

import pandas as pd
import pytest

from ptrack_analysis.dataset.states import FigureState, find_states

VALUE, WITHHELD, NOT_COVERED = FigureState


def make_table(**columns):
    return pd.DataFrame({name: pd.array(values) for name, values in columns.items()})


@pytest.mark.parametrize("time", ["recorded_time", "recorded_time_s"])
def test_a_row_that_no_recording_covers_is_not_covered_whatever_its_value(time):
    covered = [3600.0, 0.0, None]
    table = make_table(visits=[0, 0, None], suppressed=[False, False, False])
    spans = pd.to_timedelta(covered, unit="s") if time == "recorded_time" else covered
    assert find_states(table.assign(**{time: spans}), "visits").tolist() == [VALUE, NOT_COVERED, NOT_COVERED]


def test_a_missing_figure_of_a_suppressed_row_is_withheld_and_zero_is_a_value():
    table = make_table(visits=[0, None, None], suppressed=[False, True, False])
    assert find_states(table, "visits").tolist() == [VALUE, WITHHELD, NOT_COVERED]


def test_a_column_without_values_in_a_table_with_suppressed_rows_is_withheld():
    table = make_table(median=[None, None], suppressed=[False, True])
    assert find_states(table, "median").tolist() == [WITHHELD, WITHHELD]


def test_a_table_of_a_dataset_with_all_figures_withholds_nothing():
    table = make_table(travel=[1.5, None])
    assert find_states(table, "travel").tolist() == [VALUE, NOT_COVERED]
