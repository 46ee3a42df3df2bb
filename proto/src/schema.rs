//! The machine-readable description of the protocol: an OpenRPC 1.3 document
//! (<https://spec.open-rpc.org/>) with JSON Schema, made from the types themselves.

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use crate::calls::{self, Access, Call, Visitor};
use crate::error::{Error, ErrorCode};
use crate::limits;
use crate::notice::Notice;

/// The OpenRPC document.
#[must_use]
pub fn openrpc() -> Value {
    let generator = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into())
        .into_generator();
    let mut methods = Methods { generator, list: Vec::new() };
    calls::each(&mut methods);
    let Methods { mut generator, list } = methods;
    let notices = generator.subschema_for::<Notice>();
    let error = generator.subschema_for::<Error>();
    // What travels inside records, so that the document tells the whole of it.
    let entry = generator.subschema_for::<crate::Entry>();
    let act = generator.subschema_for::<crate::register::Act>();
    let audit = generator.subschema_for::<crate::audit::Record>();
    json!({
        "openrpc": "1.3.2",
        "info": {
            "title": "Warproom",
            "version": limits::SUBPROTOCOL,
            "description": "JSON-RPC 2.0 over WebSocket text frames; docs/protocol.md says how.",
        },
        "methods": list,
        "components": {
            "schemas": generator.take_definitions(true),
            "errors": ErrorCode::ALL.map(|code| json!({"code": code.number(), "message": code.sentence()})),
        },
        "x-notifications": notices,
        "x-error": error,
        "x-items": {"room": entry, "register": act, "audit": audit},
    })
}

struct Methods {
    generator: SchemaGenerator,
    list: Vec<Value>,
}

impl Visitor for Methods {
    fn call<C: Call>(&mut self) {
        self.list.push(json!({
            "name": C::METHOD,
            "summary": C::SUMMARY,
            "x-access": access(C::ACCESS),
            "paramStructure": "by-name",
            "params": [{"name": "params", "schema": self.generator.subschema_for::<C>()}],
            "result": {"name": "result", "schema": self.generator.subschema_for::<C::Reply>()},
        }));
    }
}

const fn access(access: Access) -> &'static str {
    match access {
        Access::Stranger => "anyone, before sign-in",
        Access::Anyone => "members and bots",
        Access::Member => "members",
        Access::Officer => "officers and managers",
        Access::Manager => "managers",
    }
}
