//! The log of acts at a desk: what the model asks for, answered by the real server, and from the profile
//! without one.

use anyhow::Context as _;
use tempfile::tempdir;
use warproom_desktop::model::manage::{self, ManagePage};
use warproom_desktop::news::Opened;
use warproom_desktop::request::{Reply, Request};
use warproom_desktop::{Action, Effect, Model, News};
use warproom_tests::harness::Warp;

use super::desk::{Desk, seated};

/// Hears what a profile told when it was opened, which the desk has taken already.
fn opened(model: &mut Model, opened: Opened) {
    drop(model.hear(&News::Opened(Ok(opened))));
}

async fn pages(desk: &mut Desk, model: &mut Model, effects: Vec<Effect>) -> anyhow::Result<usize> {
    let is_page = |effect: &Effect| matches!(effect, Effect::Call(Request::RegisterPage(_)));
    let mut asked: Vec<_> = effects.into_iter().filter(is_page).collect();
    let mut count = 0;
    while let Some(effect) = asked.pop() {
        desk.perform(effect);
        let came = |news: &News| match news {
            News::Answered(Request::RegisterPage(_), _) => Some(news.clone()),
            _ => None,
        };
        let news = desk.until("a page of the log of acts", came).await?;
        asked.extend(model.hear(&news).into_iter().filter(is_page));
        count += 1;
    }
    Ok(count)
}

#[tokio::test]
async fn the_log_of_acts_is_read_and_checked_and_is_there_without_a_connection()
-> anyhow::Result<()> {
    let (mut warp, folder) = (Warp::start().await?, tempdir()?);
    let (mut desk, profile, ..) = seated(&warp, folder.path()).await?;
    let mut model = Model::default();
    opened(&mut model, desk.open(&profile).await?);
    desk.signed_in().await?;
    model.connection = warproom_desktop::news::Connection::Connected;
    let effects = model.act(Action::Manage(manage::Action::Show(ManagePage::Acts)));
    assert_eq!(pages(&mut desk, &mut model, effects).await?, 1);
    let acts = &model.manage.acts;
    assert_eq!((acts.oldest, acts.broken.as_deref()), (1, None));
    let first = acts.lines.last().context("the first act")?;
    assert!(first.words.contains("founded the WARP"), "{}", first.words);
    let says = |part: &str| acts.lines.iter().any(|line| line.words.contains(part));
    assert!(says("enrolled device \"desk\""));
    assert!(says("Withheld from you"), "nobody reads what was set as credentials");
    let (told, latest) = (acts.lines.len(), acts.latest);
    desk.close();
    warp.kill()?;

    let mut desk = Desk::at(folder.path()).await?;
    let mut model = Model::default();
    opened(&mut model, desk.open(&profile).await?);
    let remembered = |news: &News| match news {
        News::Answered(Request::RegisterPage(_), Ok(Reply::RegisterPage(_))) => Some(news.clone()),
        _ => None,
    };
    let news = desk.until("the remembered acts", remembered).await?;
    drop(model.hear(&news));
    drop(model.act(Action::Manage(manage::Action::Show(ManagePage::Acts))));
    let acts = &model.manage.acts;
    assert_eq!((acts.lines.len(), acts.latest, acts.is_fresh), (told, latest, false));
    Ok(())
}
