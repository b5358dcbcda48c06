//! Who pays from which budget, and what is left for the others.

use tokio::time::advance;
use uuid::Uuid;

use super::*;
use crate::identity::PermissionSet;

fn budgets() -> Budgets {
    Budgets::new(&config::Budgets {
        guest_per_second: 1,
        guest_burst: 100,
        address_per_second: 10,
        address_burst: 300,
        guests_per_second: 100,
        guests_burst: 500,
        account_per_second: 5,
        account_burst: 200,
        ..config::Budgets::default()
    })
}

fn guest(n: u128) -> Principal {
    Principal::guest(Uuid::from_u128(n))
}

fn signed_in(n: u128, permissions: PermissionSet) -> Principal {
    Principal::account(UserId(Uuid::from_u128(n)), permissions)
}

fn address(n: u8) -> Option<IpAddr> {
    Some([10, 0, 0, n].into())
}

/// Changes of one unit until the first refusal, at most 1,000; and what refuses.
fn until_refused(budgets: &Budgets, who: impl Fn(u128) -> Option<Principal>, from: Option<IpAddr>) -> (u128, String) {
    for n in 0..1_000 {
        if let Err(problem) = budgets.charge(who(n).as_ref(), from, &HeaderMap::new(), Work::New) {
            let body = format!("{problem:?}");
            let budget = ["signed_in", "address", "guests", "guest"]
                .into_iter()
                .find(|name| body.contains(&format!("\"{name}\"")));
            return (n, budget.expect("a budget's name").to_owned());
        }
    }
    (1_000, String::new())
}

#[tokio::test(start_paused = true)]
async fn a_guest_has_a_burst_and_then_the_rate() {
    let budgets = budgets();
    assert_eq!(until_refused(&budgets, |_| Some(guest(1)), address(1)), (100, "guest".into()));
    advance(Duration::from_secs(3)).await;
    assert_eq!(until_refused(&budgets, |_| Some(guest(1)), address(1)), (3, "guest".into()));
    assert_eq!(until_refused(&budgets, |_| Some(guest(2)), address(1)).0, 100, "another guest is another client");
}

#[tokio::test(start_paused = true)]
async fn new_guests_of_one_address_share_its_budget_and_leave_the_others_theirs() {
    let budgets = budgets();
    assert_eq!(until_refused(&budgets, |_| None, address(1)), (300, "address".into()));
    assert_eq!(until_refused(&budgets, |n| Some(guest(n)), address(1)), (0, "address".into()), "with a session, too");
    assert_eq!(until_refused(&budgets, |_| Some(guest(7)), address(2)).0, 100);
}

#[tokio::test(start_paused = true)]
async fn all_guests_together_are_bounded_and_keep_no_account_from_buying() {
    let budgets = budgets();
    assert_eq!(until_refused(&budgets, |_| None, address(1)).0, 300);
    assert_eq!(until_refused(&budgets, |_| None, address(2)), (100, "guests".into()), "a fifth is left to others");
    assert_eq!(until_refused(&budgets, |_| None, address(3)), (15, "guests".into()), "who has used little");
    assert_eq!(until_refused(&budgets, |_| None, None), (0, "guests".into()), "nobody knows of whom");
    let pays = budgets.charge(Some(&guest(1)), address(3), &HeaderMap::new(), Work::Owed);
    assert!(pays.is_ok(), "what was accepted goes on: {pays:?}");
    let shopper = |_| Some(signed_in(1, PermissionSet::NONE));
    assert_eq!(until_refused(&budgets, shopper, address(1)), (200, "signed_in".into()), "more than a guest's");
    let many = |n| Some(signed_in(10 + n, PermissionSet::NONE));
    assert_eq!(until_refused(&budgets, many, address(1)), (100, "address".into()), "and bounded by address as well");
}

#[tokio::test(start_paused = true)]
async fn staff_has_no_budget_and_neither_has_anybody_where_none_is_enforced() {
    let staff = |_| Some(signed_in(1, PermissionSet::ALL));
    assert_eq!(until_refused(&budgets(), staff, address(1)).0, 1_000);
    let off = Budgets::new(&config::Budgets { enforced: false, ..config::Budgets::default() });
    assert_eq!(until_refused(&off, |_| None, address(1)).0, 1_000);
}

#[tokio::test(start_paused = true)]
async fn a_body_costs_by_its_length_and_a_refused_change_costs_nothing() {
    let budgets = budgets();
    let sent = |name, value: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().expect("a value"));
        budgets.charge(Some(&guest(1)), address(1), &headers, Work::New).is_ok()
    };
    assert!(sent(header::CONTENT_LENGTH, "8330"), "34 units");
    assert!(sent(header::TRANSFER_ENCODING, "chunked"), "65 units");
    assert!(!sent(header::TRANSFER_ENCODING, "chunked"), "1 is left");
    assert_eq!(until_refused(&budgets, |_| Some(guest(1)), address(1)).0, 1);
}

#[tokio::test(start_paused = true)]
async fn what_a_request_makes_the_shop_do_costs_and_a_burst_takes_the_most_of_it() {
    let budgets = budgets();
    let steps = |steps| budgets.charge_steps(Some(&guest(1)), address(1), steps, Work::New).is_ok();
    assert!(steps(30) && steps(usize::MAX), "64 at most");
    assert!(!steps(7) && steps(6), "100 in all");
}
