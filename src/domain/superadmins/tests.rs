//! Each promotion and demotion, and that one is always left, in every order of steps.

use uuid::Uuid;

use super::{SuperadminsCommand as C, SuperadminsEvent as E, *};
use crate::domain::testing::given;

fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

/// A superadmin since `step`.
fn made(n: u128, step: u32) -> [E; 2] {
    [E::PromotionAsked { user: user(n), step }, E::Promoted { user: user(n), step }]
}

#[test]
fn the_first_is_promoted_by_its_account() {
    let promote = C::Promote { user: user(1) };
    let asked = E::PromotionAsked { user: user(1), step: 1 };
    let state = given::<Superadmins>([]).when(promote.clone()).then([asked.clone()]);
    assert_eq!(state.effects(), [SuperadminsEffect::Promote { user: user(1), step: 1 }]);
    given::<Superadmins>([asked.clone()]).when(promote.clone()).then_nothing();
    let done = C::Promoted { user: user(1), step: 1 };
    let state = given::<Superadmins>([asked.clone()]).when(done).then([E::Promoted { user: user(1), step: 1 }]);
    assert!(state.effects().is_empty() && state.view().is_settled(user(1)));
    let refused = C::PromotionRefused { user: user(1), step: 1 };
    let state = given::<Superadmins>([asked]).when(refused).then([E::PromotionRefused { user: user(1), step: 1 }]);
    assert_eq!(state.view().standing(user(1)), None);
    given::<Superadmins>(made(1, 1)).when(promote).then_nothing();
}

#[test]
fn the_last_one_stays_and_of_two_only_one_goes() {
    let demote = |n| C::Demote { user: user(n) };
    given::<Superadmins>(made(1, 1)).when(demote(1)).then_rejected(SuperadminsRejection::Last);
    let two = || made(1, 1).into_iter().chain(made(2, 2));
    let asked = E::DemotionAsked { user: user(1), step: 3 };
    let state = given::<Superadmins>(two()).when(demote(1)).then([asked.clone()]);
    assert_eq!(state.effects(), [SuperadminsEffect::Demote { user: user(1), step: 3 }]);
    // Before the account has given it back, too: nobody counts on who is on the way out, or on the way in.
    let leaving = || two().chain([asked.clone()]);
    given::<Superadmins>(leaving()).when(demote(2)).then_rejected(SuperadminsRejection::Last);
    given::<Superadmins>(leaving()).when(demote(1)).then_nothing();
    given::<Superadmins>(leaving()).when(C::Promote { user: user(1) }).then_rejected(SuperadminsRejection::UnderWay);
    let joining = made(1, 1).into_iter().chain([E::PromotionAsked { user: user(2), step: 2 }]);
    given::<Superadmins>(joining.clone()).when(demote(1)).then_rejected(SuperadminsRejection::Last);
    given::<Superadmins>(joining).when(demote(2)).then_rejected(SuperadminsRejection::UnderWay);
    let gone = C::Demoted { user: user(1), step: 3 };
    let state = given::<Superadmins>(leaving()).when(gone).then([E::Demoted { user: user(1), step: 3 }]);
    assert_eq!(state.view().holders.keys().collect::<Vec<_>>(), [&user(2)]);
    given::<Superadmins>(two()).when(demote(3)).then_nothing();
}

#[test]
fn an_outcome_of_an_older_step_changes_nothing() {
    let again = made(1, 1).into_iter().chain(made(2, 2)).chain([
        E::DemotionAsked { user: user(1), step: 3 },
        E::Demoted { user: user(1), step: 3 },
        E::PromotionAsked { user: user(1), step: 4 },
    ]);
    for late in [C::Promoted { user: user(1), step: 1 }, C::PromotionRefused { user: user(1), step: 1 }] {
        given::<Superadmins>(again.clone()).when(late).then_nothing();
    }
    given::<Superadmins>(again.clone()).when(C::Demoted { user: user(1), step: 3 }).then_nothing();
    let now = C::Promoted { user: user(1), step: 4 };
    given::<Superadmins>(again).when(now).then([E::Promoted { user: user(1), step: 4 }]);
}

#[test]
fn there_is_a_bound() {
    let many = (0..Superadmins::MAX as u32).flat_map(|n| made(u128::from(n), n + 1));
    let one_more = C::Promote { user: user(1_000) };
    let rejection = SuperadminsRejection::TooMany { max: Superadmins::MAX };
    given::<Superadmins>(many).when(one_more).then_rejected(rejection);
}
