import pytest
from basket import Basket


def test_an_empty_basket_costs_nothing(prices):
    assert Basket(prices).total() == 0


@pytest.mark.parametrize("count", range(1, 11))
def test_each_thing_counts(prices, count):
    basket = Basket(prices)
    basket.add("lamp", count)
    basket.add("chair")
    assert basket.total() == count * 30 + 45


def test_what_there_is_not_has_no_price(prices):
    with pytest.raises(LookupError):
        Basket(prices).add("unicorn")
