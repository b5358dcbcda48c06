//! What a cart shows and what its order asks for are the same prices, for any lines: pure, without a runtime.

use proptest::{collection::vec, prelude::*};
use souk::{
    config::Shop,
    domain::{
        cart::{CartLine, CartView},
        money::Money,
        pricing::{Basket, BasketLine},
    },
    shop::Front,
    testing::{eur, sku},
};

/// Quantities and unit prices as a cart.
fn cart(lines: &[(u32, i64)]) -> CartView {
    let line = |(n, (quantity, price)): (usize, &(u32, i64))| CartLine {
        sku: sku(&format!("SKU{n}")),
        name: format!("Thing {n}"),
        quantity: *quantity,
        unit_price: eur(*price),
        line_total: eur(i64::from(*quantity) * price),
        withdrawn: false,
    };
    let lines: Vec<_> = lines.iter().enumerate().map(line).collect();
    let total = eur(lines.iter().map(|line| line.line_total.amount).sum());
    CartView { total: Some(total), lines, ..CartView::default() }
}

/// As a checkout makes them of a cart.
fn basket(cart: &CartView) -> impl Iterator<Item = BasketLine> {
    cart.lines.iter().map(|line| BasketLine {
        sku: line.sku.clone(),
        name: line.name.clone(),
        quantity: line.quantity,
        unit_price: line.unit_price,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn a_cart_and_its_order_agree(
        lines in vec((1u32..=999, 0i64..100_000), 1..12),
        shipping in 0i64..2_000,
        tax_basis_points in 0u32..=3_000,
    ) {
        let cart = cart(&lines);
        let settings = Shop { tax_basis_points, ..Shop::default() };
        let shown = Front { settings, ..Front::default() }.cart(None, 1, &cart, false).unwrap().totals;
        let quote = |shipping| Basket::new(basket(&cart), eur(shipping), tax_basis_points).quote().unwrap();

        let unshipped = quote(0).totals;
        let (items, tax, total) = (Money::from(shown.items), Money::from(shown.tax), Money::from(shown.total));
        prop_assert_eq!((items, tax, total), (unshipped.items, unshipped.tax, unshipped.total));

        let order = quote(shipping);
        prop_assert_eq!(order.totals.items, items);
        prop_assert_eq!(order.totals.total.amount, total.amount + shipping);
        prop_assert!(order.totals.sum_up(&order.lines), "an order accepts what it is asked for");
        // Shipping brings its own tax; each of the three is rounded once.
        let of_shipping = Basket::new(Vec::<BasketLine>::new(), eur(shipping), tax_basis_points).quote().unwrap();
        let apart = order.totals.tax.amount - tax.amount - of_shipping.totals.tax.amount;
        prop_assert!(apart.abs() <= 1, "{apart} cents of tax apart");
    }
}
