//! Who a profile signs in, and where.

use serde::{Deserialize, Serialize};
use warproom_client::DeviceKey;
use warproom_client::proto::calls::Me;
use warproom_client::proto::invitation::Address;
use warproom_client::proto::{DeviceId, Name, Secret, WarpId};

/// Who a profile signs in, and where. It has a key in it, so it has no `Debug`.
#[derive(Clone)]
pub struct Identity {
    /// The server.
    pub address: Address,
    /// This device.
    pub device: DeviceId,
    /// Its key.
    pub key: DeviceKey,
    /// Its owner.
    pub me: Me,
    /// The WARP's name.
    pub warp: Name,
    /// The WARP.
    pub warp_id: WarpId,
}

/// The same as it is written.
#[derive(Serialize, Deserialize)]
pub(super) struct Written {
    address: String,
    device: DeviceId,
    key: Secret,
    me: Me,
    warp: Name,
    warp_id: WarpId,
}

impl From<&Identity> for Written {
    fn from(identity: &Identity) -> Self {
        Self {
            address: identity.address.to_string(),
            device: identity.device,
            key: identity.key.to_text(),
            me: identity.me.clone(),
            warp: identity.warp.clone(),
            warp_id: identity.warp_id,
        }
    }
}

impl Written {
    /// The identity, if that is what was written.
    pub(super) fn read(self) -> Option<Identity> {
        Some(Identity {
            address: self.address.parse().ok()?,
            device: self.device,
            key: DeviceKey::from_text(self.key.expose()).ok()?,
            me: self.me,
            warp: self.warp,
            warp_id: self.warp_id,
        })
    }
}
