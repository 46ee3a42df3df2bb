//! `register`

use anyhow::Result;
use warproom_client::proto::calls::{Done, RegisterPage};

use crate::args::Register;
use crate::chain;
use crate::session::{PAGE, Session};
use crate::show;

/// `register`
pub(crate) async fn list(session: &Session, args: &Register) -> Result<()> {
    if args.believe.forget {
        session.client().forget_register();
        return session.out().give(&Done {}, |_| {
            "The history of the register is believed as the server shows it next".to_owned()
        });
    }
    let mut people = session.directory(&[]).await;
    let (mut after, mut end) = (args.after, None);
    loop {
        let page = session.call(RegisterPage { after, limit: PAGE }).await?;
        let Some(last) = page.records.last() else { return Ok(()) };
        chain::check("the register", &mut end, &page.records)?;
        after = last.seq;
        for record in &page.records {
            people.learn_act(record);
            session.out().give(record, |record| show::act(record, &people, session.zone()))?;
        }
        if after >= page.latest.seq {
            return Ok(());
        }
    }
}
