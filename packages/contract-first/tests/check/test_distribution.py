"""Response times in memory that does not grow."""

from hypothesis import given, strategies

from contract_first.check.reports.response_times import HIGHEST, LOWEST, ResponseTimes, bucket_of, edge_of


@given(strategies.floats(0.11, 90_000))
def test_a_bucket_holds_what_is_counted_in_it(milliseconds):
    """Each response time is between the edges of its bucket."""
    bucket = bucket_of(milliseconds)
    assert edge_of(bucket) <= milliseconds * (1 + 1e-9)
    assert milliseconds <= edge_of(bucket + 1) * (1 + 1e-9)


@given(strategies.lists(strategies.floats(0, 1e12), min_size=1))
def test_no_number_of_times_needs_more_than_the_buckets(times):
    """However long or many, times are counted in a fixed number of buckets."""
    distribution = ResponseTimes()
    for each in times:
        distribution.add(each)
    assert distribution.total == len(times)
    assert all(LOWEST <= bucket <= HIGHEST for bucket in distribution.counts)


@given(strategies.lists(strategies.floats(0.2, 50_000), min_size=1), strategies.sampled_from([0.5, 0.95, 1]))
def test_a_quantile_is_true_to_within_a_bucket(times, share):
    """At least the share of all times is at most the quantile."""
    distribution = ResponseTimes()
    for each in times:
        distribution.add(each)
    within = sum(each <= distribution.quantile(share) * (1 + 1e-9) for each in times)
    assert within >= share * len(times) - 1e-9


def test_nothing_has_no_quantile():
    """Without any time, a quantile is 0."""
    assert ResponseTimes().quantile(0.5) == 0
