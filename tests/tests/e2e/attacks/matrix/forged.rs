//! Fields that are not a call's (CWE-915, mass assignment): in each call of the protocol, at each depth, by a
//! manager who may make the call. Each is refused and named, and nothing that is stored has changed.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use warproom_proto::calls::{ListRooms, ShowPreferences};
use warproom_proto::schema::openrpc;
use warproom_proto::{ErrorCode, limits};

use super::super::refused;
use super::{Grounds, ROWS, SignInRefused, Who};

/// A field that means nothing, and those by which somebody would be somebody else, somewhere else, at
/// another time.
const FORGED: [&str; 9] =
    ["surplus", "author", "organisation", "role", "sender", "principal", "by", "seq", "at_ms"];

/// Where objects stand in fields, as JSON pointers (RFC 6901).
fn objects(of: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    match of {
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                found.extend(objects(item, &format!("{at}/{n}")));
            }
        }
        Value::Object(fields) => {
            found.push(at.to_owned());
            for (name, field) in fields {
                found.extend(objects(field, &format!("{at}/{name}")));
            }
        }
        _ => {}
    }
    found
}

/// The fields that a call has, whether its golden vector says them or not.
fn own(description: &Value, call: &str) -> anyhow::Result<Vec<String>> {
    let methods = description["methods"].as_array().context("methods")?;
    let method = methods.iter().find(|method| method["name"] == call).context("described")?;
    let schema = &method["params"][0]["schema"]["$ref"];
    let schema = schema.as_str().and_then(|schema| schema.rsplit('/').next()).unwrap_or_default();
    let fields = &description["components"]["schemas"][schema]["properties"];
    Ok(fields.as_object().into_iter().flat_map(|fields| fields.keys().cloned()).collect())
}

#[tokio::test]
async fn a_field_that_is_not_the_calls_is_refused_at_any_depth_and_nothing_is_done()
-> anyhow::Result<()> {
    let grounds = Grounds::prepare().await?;
    let manager = grounds.warp.manager();
    let marks = async || {
        let preferences = manager.client.call(ShowPreferences {}).await?;
        let rooms = manager.client.call(ListRooms::default()).await?.rooms;
        anyhow::Ok((preferences, rooms.iter().map(|room| room.read).collect::<Vec<_>>()))
    };
    let (heads, before) = (grounds.heads().await?, marks().await?);
    let mut raw = grounds.warp.raw().await?;
    raw.sign_in(manager).await?;
    let description = openrpc();
    let (mut tried, mut wrong) = (0, Vec::new());
    for row in ROWS {
        let mut entrance = grounds.warp.raw().await?;
        let is_entrance = row.outside == Some(SignInRefused);
        let mut good = if is_entrance {
            grounds.proof(row.call, Who::Pending, &entrance)?
        } else {
            grounds.fields(row.call)?
        };
        if !good.is_object() {
            good = json!({});
        }
        let own = own(&description, row.call)?;
        for place in objects(&good, "") {
            for name in FORGED {
                let mut fields = good.clone();
                let object = fields.pointer_mut(&place).and_then(Value::as_object_mut);
                let object = object.context("it was found there")?;
                if object.contains_key(name)
                    || (place.is_empty() && own.iter().any(|own| own == name))
                {
                    continue;
                }
                object.insert(name.to_owned(), json!(1));
                let on = if is_entrance { &mut entrance } else { &mut raw };
                let what = format!("{} with {name} at {place:?}", row.call);
                let reply = on.call(9, row.call, &fields).await.with_context(|| what.clone())?;
                // In an object that is one thing of several it is refused as no thing at all. What is as long
                // as a password is not repeated.
                let said = if name.len() < limits::PASSWORD_CHARS { name } else { "unknown field" };
                let is_named = !place.is_empty() || reply.contains(said);
                if refused(&reply)? != Some(ErrorCode::BadParams) || !is_named {
                    wrong.push(format!("{what}: {reply}"));
                }
                tried += 1;
            }
        }
    }
    ensure!(wrong.is_empty(), "{} of {tried} fields:\n{}", wrong.len(), wrong.join("\n"));
    ensure!(tried > ROWS.len() * 7, "only {tried} fields were tried");
    ensure!(grounds.heads().await? == heads && marks().await? == before, "something was done");
    // Without them the same fields are right.
    grounds.same_fields_are_right_for_a_manager().await
}
