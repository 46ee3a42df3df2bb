//! Arguments of `password`.

use std::path::PathBuf;

/// `password`
#[derive(clap::Args)]
pub(crate) struct ChangePassword {
    /// Set up another authenticator as well; the one until now is of no use any more
    #[arg(long)]
    pub(crate) authenticator: bool,
    /// Keep the password, and change the authenticator alone
    #[arg(long, requires = "authenticator")]
    pub(crate) keep_password: bool,
    /// Revoke all your other devices; if not given, they connect again by their own keys
    #[arg(long)]
    pub(crate) revoke_devices: bool,
    /// For scripts: take the present password from the first line of this file instead of asking;
    /// the code can be piped in
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// For scripts: take the new password from the first line of this file instead of asking
    #[arg(long, value_name = "FILE", requires = "password_file")]
    pub(crate) new_password_file: Option<PathBuf>,
    /// For scripts: write the new TOTP secret (base32) to this new file instead of showing it
    #[arg(long, value_name = "FILE", requires_all = ["password_file", "authenticator"])]
    pub(crate) totp_file: Option<PathBuf>,
}
