//! `device list` and `device revoke`

use anyhow::Result;
use warproom_client::proto::calls::{ListDevices, RevokeDevice};
use warproom_client::proto::register::Device;

use crate::args::{DeviceList, DeviceOnline, DeviceRevoke};
use crate::names::{self, Purpose};
use crate::session::Session;
use crate::show;

/// `device …`
pub(crate) async fn run(session: &Session, command: &DeviceOnline) -> Result<()> {
    match command {
        DeviceOnline::List(args) => list(session, args).await,
        DeviceOnline::Revoke(args) => revoke(session, args).await,
    }
}

async fn list(session: &Session, args: &DeviceList) -> Result<()> {
    for device in devices(session, args.member.as_deref(), Purpose::Reading).await? {
        session.out().give(&device, |device| {
            let this = if session.is_this(device.device) { "  (this one)" } else { "" };
            format!("{}{this}", show::device(device))
        })?;
    }
    Ok(())
}

async fn revoke(session: &Session, args: &DeviceRevoke) -> Result<()> {
    let devices = devices(session, args.member.as_deref(), Purpose::Writing).await?;
    let device = names::find(&devices, &args.device, Purpose::Writing)?;
    let done = session.call(RevokeDevice { device: device.device }).await?;
    session.out().give(&done, |_| format!("\"{}\" can no longer sign in", device.name))
}

async fn devices(session: &Session, member: Option<&str>, purpose: Purpose) -> Result<Vec<Device>> {
    let member = match member {
        Some(member) => Some(session.member(member, purpose).await?.member),
        None => None,
    };
    Ok(session.call(ListDevices { member }).await?.devices)
}
