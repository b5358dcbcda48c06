"""A shopper, with the client that openapi-python-client makes from docs/openapi.json: its models refuse an answer that
lacks a member which the document requires, or has another type."""

import os
import sys
import uuid

sys.path.insert(0, os.environ["SOUK_GENERATED"])

from souk_client import Client  # noqa: E402
from souk_client.api.cart import add_cart_lines, get_cart  # noqa: E402
from souk_client.api.catalogue import get_product, list_categories, list_products  # noqa: E402
from souk_client.api.checkout import check_out, list_shipping_methods  # noqa: E402
from souk_client.api.identity import login  # noqa: E402
from souk_client.api.orders import get_order, get_order_history, list_orders  # noqa: E402
from souk_client.api.payments import create_payment  # noqa: E402
from souk_client.api.stock import get_stock, list_stock, list_stock_movements  # noqa: E402
from souk_client.models import Address, Checkout, Login, NewCartLine, NewPayment, OrderStatus, Problem  # noqa: E402

url = os.environ["SOUK_URL"]


def good(answer):
    """The parsed body; a problem ends the test with its text."""
    assert answer is not None and not isinstance(answer, Problem), answer
    return answer


# One connection pool, whose jar keeps the guest's cookie.
with Client(base_url=url, raise_on_unexpected_status=True) as shopper:
    good(list_categories.sync(client=shopper))
    products = good(list_products.sync(client=shopper, limit=5))
    card = products.items[0]
    product = good(get_product.sync(card.id, client=shopper))
    assert product.slug == card.slug
    sku = card.skus[0]
    cart = good(add_cart_lines.sync(client=shopper, body=[NewCartLine(sku=sku, quantity=1)]))
    assert cart.units == 1
    assert good(get_cart.sync(client=shopper)).version == cart.version
    method = good(list_shipping_methods.sync(client=shopper))[0]
    address = Address(
        name="Ada Lovelace", line1="12 St James's Square", city="London", postal_code="SW1Y 4JH", country="GB"
    )
    order = good(
        check_out.sync(
            client=shopper,
            idempotency_key=str(uuid.uuid4()),
            body=Checkout(email="ada@example.org", shipping_address=address, shipping_method=method.id),
        )
    )
    payment = good(
        create_payment.sync(
            client=shopper,
            idempotency_key=str(uuid.uuid4()),
            body=NewPayment(order_id=order.id, provider="sandbox", token="tok_ok"),
        )
    )
    assert payment.order_id == order.id
    assert good(get_order.sync(order.id, client=shopper)).totals.total.amount == payment.amount.amount
    unknown = get_order.sync(uuid.uuid4(), client=shopper)
    assert isinstance(unknown, Problem) and unknown.code == "unknown_order", unknown

with Client(base_url=url) as stranger:
    password = os.environ["SOUK_ADMIN_PASSWORD"]
    token = good(login.sync(client=stranger, body=Login(email="admin@souk.local", password=password)))

with Client(base_url=url, headers={"authorization": f"Bearer {token.access_token}"}) as staff:
    page = good(list_orders.sync(client=staff, limit=100))
    found = [one for one in page.items if one.id == order.id]
    assert found and isinstance(found[0].status, OrderStatus)
    history = good(get_order_history.sync(order.id, client=staff, limit=100))
    assert history.items and all(commit.events for commit in history.items)
    level = good(get_stock.sync(sku, client=staff))
    assert level.received >= level.shipped
    assert good(list_stock.sync(client=staff, limit=3)).items
    assert good(list_stock_movements.sync(sku, client=staff, limit=3)).items

print("the Python client agrees with the shop")
