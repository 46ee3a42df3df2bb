//! Integers at the ends of their types (CWE-190): each one in each call of the protocol, one at a time, by a
//! manager who may make the call. What comes back is a result or a refusal, never a fault of the server's.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use warproom_proto::ErrorCode::{self, SignInRequired};
use warproom_proto::calls::ListMembers;

use super::super::refused;
use super::{Grounds, ROWS};

/// What stands in place of an integer: none, below, beyond what JavaScript counts to, and the ends of 64 bits.
fn extremes() -> [Value; 6] {
    [json!(0), json!(-1), json!(1_u64 << 53), json!(i64::MIN), json!(i64::MAX), json!(u64::MAX)]
}

/// Where integers stand in fields, as JSON pointers (RFC 6901).
fn integers(of: &Value, at: &str) -> Vec<String> {
    match of {
        Value::Number(number) if number.is_i64() || number.is_u64() => vec![at.to_owned()],
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.flat_map(|(n, item)| integers(item, &format!("{at}/{n}"))).collect()
        }
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, field)| integers(field, &format!("{at}/{name}")))
            .collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn an_extreme_integer_is_taken_or_refused_and_never_a_fault() -> anyhow::Result<()> {
    let mut grounds = Grounds::prepare().await?;
    let mut raw = grounds.warp.raw().await?;
    raw.sign_in(grounds.warp.manager()).await?;
    let (mut tried, mut faults) = (0, Vec::new());
    for row in ROWS.iter().filter(|row| row.outside == Some(SignInRequired)) {
        for place in integers(&grounds.fields(row.call)?, "") {
            for value in extremes() {
                let mut fields = grounds.fields(row.call)?;
                *fields.pointer_mut(&place).context("it was found there")? = value.clone();
                let what = format!("{} with {value} at {place}", row.call);
                let reply = raw.call(9, row.call, &fields).await.with_context(|| what.clone())?;
                if refused(&reply)? == Some(ErrorCode::ServerFault) {
                    faults.push(what);
                }
                tried += 1;
            }
        }
    }
    ensure!(faults.is_empty(), "faults of the server's:\n{}", faults.join("\n"));
    ensure!(tried > 200, "only {tried} integers were tried");
    // It answers on, and whatever of it was stored is read again at a start.
    raw.ask(&ListMembers {}).await?;
    grounds.warp.stop().await?;
    grounds.warp.restart().await?;
    grounds.warp.manager().back().await?;
    let log = grounds.warp.log()?;
    ensure!(!log.contains("panicked"), "something panicked:\n{log}");
    Ok(())
}
