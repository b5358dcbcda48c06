//! What mails carry: rights that are good once and for a while.

use super::*;

#[test]
fn nobody_is_written_to_before_the_address_is_the_accounts() {
    let verify = asked(1, Right::VerifyEmail, 1_005);
    let state = given([]).at(5).when(register(Some(token(1)))).then([begun(), verify.clone()]);
    assert_eq!(pending(&state), ["claim/1"]);
    let claimed = AccountEvent::EmailClaimed { claim: 1 };
    let state = given([begun(), verify]).when(AccountCommand::EmailClaimed { claim: 1 }).then([claimed]);
    assert_eq!(pending(&state), [format!("mail/verify/{}", token(1).id)]);
    let mail = AccountMail::VerifyEmail { token: token(1).id };
    let AccountEffect::QueueMail { letter, .. } = state.effects().remove(0) else { panic!() };
    assert_eq!(letter.to, "Ada@example.org");
    let queued = AccountEvent::MailQueued { mail: mail.clone() };
    let history = registered([asked(1, Right::VerifyEmail, 9)]);
    let state = history.when(AccountCommand::MailQueued { mail: mail.clone() }).then([queued]);
    assert_eq!(pending(&state), Vec::<String>::new());
    registered([]).when(AccountCommand::MailQueued { mail }).then_nothing();
}

#[test]
fn an_address_is_verified_once_by_its_own_mail_in_time() {
    let verify = |n| AccountCommand::VerifyEmail { token: token(n).id };
    let asked = || asked(1, Right::VerifyEmail, 100);
    let verified = AccountEvent::EmailVerified { at: Timestamp(50) };
    let state = registered([asked()]).at(50).when(verify(1)).then([verified.clone()]);
    assert!(state.view().verified);
    registered([asked()]).at(100).when(verify(1)).then_rejected(AccountRejection::BadToken);
    registered([asked()]).at(50).when(verify(2)).then_rejected(AccountRejection::BadToken);
    registered([asked(), verified.clone()]).at(51).when(verify(1)).then_rejected(AccountRejection::BadToken);
    let again = AccountCommand::AskVerification { token: token(3) };
    registered([verified]).when(again).then_rejected(AccountRejection::AlreadyVerified);
    let reset = registered([super::asked(1, Right::ResetPassword, 100)]);
    reset.at(50).when(verify(1)).then_rejected(AccountRejection::BadToken);
}

#[test]
fn a_reset_is_good_once_ends_every_session_and_proves_the_address() {
    let asked = asked(1, Right::ResetPassword, 100);
    let reset = || AccountCommand::ResetPassword { token: token(1).id, password: password(b"new") };
    let events = [
        AccountEvent::PasswordChanged { password: password(b"new"), at: Timestamp(50) },
        AccountEvent::SessionsEnded { sessions: vec![session(1)] },
        AccountEvent::EmailVerified { at: Timestamp(50) },
    ];
    let history = || registered([opened(1, 1), asked.clone()]);
    let state = history().at(50).when(reset()).then(events.clone());
    assert_eq!(state.proven(&key(b"new")), Ok(()));
    assert!(pending(&state).contains(&"mail/password_changed/50".to_owned()));
    history().after(events).at(51).when(reset()).then_rejected(AccountRejection::BadToken);
    history().at(100).when(reset()).then_rejected(AccountRejection::BadToken);
    let ask = AccountCommand::AskReset { token: token(1) };
    given([]).when(ask).then_rejected(AccountRejection::NotRegistered);
}

#[test]
fn of_each_right_the_newest_tokens_count_and_mails_have_a_bound() {
    let many = (0..30).map(|n| asked(n, Right::ResetPassword, 100));
    let history = || registered([asked(99, Right::VerifyEmail, 100)]).after(many.clone());
    let reset = |n| AccountCommand::ResetPassword { token: token(n).id, password: password(b"new") };
    history().at(50).when(reset(26)).then_rejected(AccountRejection::BadToken);
    let verified = AccountEvent::EmailVerified { at: Timestamp(50) };
    let verify = AccountCommand::VerifyEmail { token: token(99).id };
    let state = history().at(50).when(verify).then([verified]);
    assert_eq!(pending(&state).len(), 16);
}
