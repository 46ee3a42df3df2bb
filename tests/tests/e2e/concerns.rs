//! Register entries and preferences: who sets them, who sees them, and that they are kept.

use std::slice::from_ref;

use serde_json::json;
use warproom_proto::calls::{
    ListRegisterEntries, Preferences, QuietHours, SetPreferences, SetRegisterEntry, ShowPreferences,
};
use warproom_proto::register::{Dependency, Event, RegisterEntry};
use warproom_proto::{Body, ErrorCode, LogId, MemberId, OrganisationId, Severity, Subject, limits};
use warproom_tests::harness::{Person, Warp, act_of, chain_end, refusal};

/// A supplier with one more name.
fn civica() -> Dependency {
    let aliases = vec!["East Kent Services".parse().unwrap()];
    Dependency { subject: Subject::Vendor("Civica".parse().unwrap()), aliases }
}

fn entry(deputies: &[MemberId], shown: bool) -> SetRegisterEntry {
    let gateway = Subject::Product("Ivanti Connect Secure".parse().unwrap());
    let gateway = Dependency { subject: gateway, aliases: Vec::new() };
    SetRegisterEntry { depends_on: vec![civica(), gateway], shown, deputies: deputies.to_vec() }
}

async fn seen(by: &Person) -> anyhow::Result<Vec<RegisterEntry>> {
    Ok(by.client.call(ListRegisterEntries {}).await?.entries)
}

/// The register entries that somebody's pages of the register show, and how many records are stubs.
async fn in_register(by: &Person) -> anyhow::Result<(Vec<RegisterEntry>, usize)> {
    let records = by.register().await?;
    assert!(chain_end(LogId::REGISTER, &records).is_some(), "the chain breaks");
    let stubs = records.iter().filter(|one| matches!(one.body, Body::Withheld { .. })).count();
    let entries = records.iter().filter_map(act_of).filter_map(|act| match act.event {
        Event::RegisterEntrySet(entry) => Some(entry),
        _ => None,
    });
    Ok((entries.collect(), stubs))
}

#[tokio::test]
async fn a_register_entry_is_seen_by_its_organisation_and_managers_until_it_is_shown()
-> anyhow::Result<()> {
    let mut warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let thanet = warp.organisation("Thanet District Council").await?;
    let (dan, dora) = (warp.officer("dan", dover).await?, warp.officer("dora", dover).await?);
    let (gus, tom) = (warp.guest("gus", dover).await?, warp.officer("tom", thanet).await?);
    let other_guest = warp.guest("gina", thanet).await?;
    assert!(seen(&dan).await?.is_empty() && seen(warp.manager()).await?.is_empty());
    let (_, stubs) = in_register(&tom).await?;

    let call = entry(&[dora.member, gus.member], false);
    dan.client.call(call.clone()).await?;
    let SetRegisterEntry { depends_on, shown, deputies } = call;
    let hidden = RegisterEntry { organisation: dover, depends_on, shown, deputies };
    let readers = [&dan, &dora, &gus, warp.manager()];
    for reader in readers {
        assert_eq!(seen(reader).await?, from_ref(&hidden));
    }
    for reader in [&dan, &dora, warp.manager()] {
        assert_eq!(in_register(reader).await?.0, from_ref(&hidden));
    }
    assert!(seen(&tom).await?.is_empty() && seen(&other_guest).await?.is_empty());
    let withheld = in_register(&tom).await?;
    assert!(withheld.0.is_empty() && withheld.1 == stubs + 1, "a stub: {withheld:?}");
    for guest in [&gus, &other_guest] {
        assert_eq!(refusal(guest.register().await)?.code, ErrorCode::NotAllowed);
        let refused = refusal(guest.client.call(entry(&[], true)).await)?;
        assert_eq!(refused.code, ErrorCode::NotAllowed);
    }

    dora.client.call(entry(&[], true)).await?;
    warp.kill()?;
    warp.restart().await?;
    for reader in [&dan, &gus, &tom, warp.manager()] {
        reader.back().await?;
        let now = seen(reader).await?;
        assert!(now.len() == 1 && now[0].shown && now[0].deputies.is_empty(), "{now:?}");
    }
    other_guest.back().await?;
    assert!(seen(&other_guest).await?.is_empty(), "shown to officers, not to guests");
    let read = in_register(&tom).await?;
    assert!(read.0.len() == 1 && read.0[0].shown, "the later one only: {read:?}");

    // Each sets that of their own organisation: there is no way to name another.
    tom.client.call(entry(&[tom.member], false)).await?;
    let all: Vec<OrganisationId> =
        seen(warp.manager()).await?.iter().map(|one| one.organisation).collect();
    assert_eq!(all, [dover, thanet]);
    assert_eq!(seen(&dan).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_register_entry_names_own_deputies_and_stays_short() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let thanet = warp.organisation("Thanet District Council").await?;
    let (dan, tom) = (warp.officer("dan", dover).await?, warp.officer("tom", thanet).await?);
    for deputies in [vec![tom.member], vec![MemberId::random()], vec![dan.member, dan.member]] {
        let refused = refusal(dan.client.call(entry(&deputies, false)).await)?;
        assert_eq!(refused.code, ErrorCode::Conflict, "{deputies:?}: {refused}");
    }
    let depends = |depends_on| SetRegisterEntry { depends_on, shown: false, deputies: Vec::new() };
    let aliases = |number: usize| {
        let alias = |number: usize| format!("Alias {number}").parse().unwrap();
        Dependency { aliases: (0..number).map(alias).collect(), ..civica() }
    };
    for (call, what) in [
        (depends(vec![civica(); limits::DEPENDENCIES + 1]), "257 dependencies"),
        (depends(vec![aliases(limits::DEPENDENCY_ALIASES + 1)]), "nine aliases"),
        (entry(&[dan.member; 17], false), "17 deputies"),
    ] {
        let refused = refusal(dan.client.call(call).await)?;
        assert_eq!(refused.code, ErrorCode::BadParams, "{what}: {refused}");
    }
    assert!(seen(warp.manager()).await?.is_empty(), "nothing of it was stored");
    let full = vec![aliases(limits::DEPENDENCY_ALIASES); limits::DEPENDENCIES];
    dan.client.call(depends(full.clone())).await?;
    assert_eq!(seen(&dan).await?[0].depends_on, full);
    Ok(())
}

#[tokio::test]
async fn what_may_interrupt_is_each_members_own_and_kept() -> anyhow::Result<()> {
    let mut warp = Warp::start().await?;
    let dover = warp.organisation("Dover District Council").await?;
    let (dan, dora) = (warp.officer("dan", dover).await?, warp.officer("dora", dover).await?);
    let gus = warp.guest("gus", dover).await?;
    let now = async |who: &Person| who.client.call(ShowPreferences {}).await;
    let usual = Preferences {
        all: false,
        concerns_us: true,
        severity: Some(Severity::Severe),
        quiet: None,
    };
    for who in [&dan, &dora, &gus] {
        assert_eq!(now(who).await?, usual);
    }
    let night = Some(QuietHours { from_minute: 22 * 60, to_minute: 6 * 60 + 30 });
    let dans = Preferences { all: true, concerns_us: false, severity: None, quiet: night };
    let gussies = Preferences { severity: Some(Severity::Minor), ..usual };
    dan.client.call(SetPreferences { preferences: Preferences { all: true, ..usual } }).await?;
    dan.client.call(SetPreferences { preferences: dans }).await?;
    gus.client.call(SetPreferences { preferences: gussies }).await?;
    let (second_device, _events) = dan.connect().await?;
    assert_eq!(second_device.call(ShowPreferences {}).await?, dans);
    let registered = dan.register().await?.len();
    for kill in [true, false] {
        if kill {
            warp.kill()?;
        } else {
            assert!(warp.stop().await?.success());
        }
        warp.restart().await?;
        for (who, expected) in [(&dan, dans), (&dora, usual), (&gus, gussies)] {
            who.back().await?;
            assert_eq!(now(who).await?, expected);
        }
    }
    assert_eq!(dan.register().await?.len(), registered, "they are nobody else's business");
    Ok(())
}

#[tokio::test]
async fn quiet_hours_are_minutes_of_a_day() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let mary = warp.manager();
    let quiet = |from_minute, to_minute| {
        let quiet = Some(QuietHours { from_minute, to_minute });
        SetPreferences { preferences: Preferences { quiet, ..Preferences::default() } }
    };
    for (from_minute, to_minute) in [(1440, 0), (0, 1440), (u16::MAX, u16::MAX)] {
        let refused = refusal(mary.client.call(quiet(from_minute, to_minute)).await)?;
        assert_eq!(refused.code, ErrorCode::BadParams);
    }
    let mut raw = warp.raw().await?;
    raw.sign_in(mary).await?;
    for minute in [json!(-1), json!(65_536), json!(1.5), json!("22:00")] {
        let quiet = json!({"from_minute": minute, "to_minute": 0});
        let reply = raw.call(1, "member.prefer", &json!({"preferences": {"quiet": quiet}})).await?;
        assert!(reply.contains("-32602"), "{minute}: {reply}");
    }
    assert_eq!(mary.client.call(ShowPreferences {}).await?, Preferences::default());
    mary.client.call(quiet(0, 1439)).await?;
    mary.client.call(quiet(1439, 0)).await?;
    let kept = mary.client.call(ShowPreferences {}).await?.quiet;
    assert_eq!(kept, Some(QuietHours { from_minute: 1439, to_minute: 0 }));
    Ok(())
}
