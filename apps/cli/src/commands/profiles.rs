//! `profile …`

use anyhow::Result;
use serde_json::json;

use crate::args::ProfileCommand;
use crate::profile::Folder;
use crate::session::Place;
use crate::show::safe;

/// `profile …`
pub(crate) fn run(place: &Place, command: &ProfileCommand) -> Result<()> {
    match command {
        ProfileCommand::List => list(place),
        ProfileCommand::Show => show(place, &place.profiles.choose()?),
    }
}

fn list(place: &Place) -> Result<()> {
    let names = place.profiles.names()?;
    for name in &names {
        place.out.give(&json!({ "profile": name }), |_| safe(name))?;
    }
    if names.is_empty() {
        place.out.say(
            "There is no profile on this computer. Redeem your invitation with `warproom join`.",
        )?;
    }
    Ok(())
}

fn show(place: &Place, folder: &Folder) -> Result<()> {
    let mut profile = folder.profile()?;
    // Heads that cannot be read are told by every command that connects; this one shows what there is.
    profile.address = folder.heads().unwrap_or_default().address(profile.address);
    place.out.give(&profile, |profile| {
        let organisation =
            profile.organisation.as_ref().map_or_else(String::new, |name| format!(", {name}"));
        format!(
            "Profile   {}\nWARP      {}\nYou       {} @{}{organisation}\nDevice    {}\nServer    {}\nKept in   {}",
            folder.name(),
            profile.warp_name,
            profile.name,
            profile.handle,
            profile.device,
            profile.address,
            folder.path().display(),
        )
    })
}
