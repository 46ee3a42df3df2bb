//! The one way a parsed text becomes a type: `FromStr` checks it, serde goes through `FromStr`, and
//! the JSON Schema says the same rule in words.

/// Derives serde and JSON Schema for a type from its `FromStr` and `Display`.
macro_rules! text_newtype {
    ($type:ty, $name:literal, $pattern:literal, $description:literal) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "pattern": $pattern,
                    "description": $description,
                })
            }
        }
    };
}

/// A fixed number of bytes, lower-case hexadecimal on the wire.
macro_rules! hex_newtype {
    ($(#[$doc:meta])* $type:ident, $bytes:literal, $name:literal, $pattern:literal, $description:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(pub [u8; $bytes]);

        impl std::fmt::Display for $type {
            fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                to.write_str(&data_encoding::HEXLOWER.encode(&self.0))
            }
        }

        impl std::fmt::Debug for $type {
            fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, to)
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::text::TextError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let bytes = data_encoding::HEXLOWER
                    .decode(text.as_bytes())
                    .map_err(|_| $crate::text::TextError::NotHex)?;
                Ok(Self(bytes.try_into().map_err(|_| $crate::text::TextError::WrongLength {
                    wanted: $bytes,
                })?))
            }
        }

        $crate::newtype::text_newtype!($type, $name, $pattern, $description);
    };
}

pub(crate) use hex_newtype;
pub(crate) use text_newtype;
