//! Starts the desktop client.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser;
use eframe::{NativeOptions, Renderer};
use egui::{IconData, ViewportBuilder};
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};
use warproom_desktop::app::App;
use warproom_desktop::profile::Profiles;
use warproom_desktop::world::RealWorld;

/// The war room of a WARP, in a window.
#[derive(Parser)]
#[command(name = "warproom-desktop", version, max_term_width = 100)]
struct Args {
    /// The folder that holds the profiles, instead of your system's place for settings
    #[arg(long, env = "WARPROOM_DESKTOP_PROFILES", hide_env_values = true, value_name = "DIR")]
    profiles: Option<PathBuf>,
}

/// What systems know the program by, for its icon and its windows.
const APP_ID: &str = "warproom-desktop";

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    log();
    let profiles = Profiles::at(args.profiles)?;
    let start = move |context: &egui::Context| -> std::io::Result<App<RealWorld>> {
        let waking = context.clone();
        let world = RealWorld::start(profiles, Box::new(move || waking.request_repaint()))?;
        Ok(App::new(world, context))
    };
    eframe::run_native(
        APP_ID,
        options(),
        Box::new(move |creation| Ok(Box::new(start(&creation.egui_ctx)?))),
    )
    .map_err(|error| anyhow::anyhow!("{error}"))
    .context("no window can be opened on this computer")
}

fn options() -> NativeOptions {
    let viewport = ViewportBuilder::default()
        .with_app_id(APP_ID)
        .with_title("Warproom")
        .with_inner_size([1280.0, 800.0])
        .with_min_inner_size([800.0, 560.0])
        // The system's own, instead of the toolkit's.
        .with_icon(IconData::default());
    NativeOptions { viewport, renderer: Renderer::Glow, ..NativeOptions::default() }
}

/// Logs to standard error what this program itself says, which is ids and sizes: libraries that carry
/// what people wrote to the screen and to the system may say more.
fn log() {
    let level = EnvFilter::try_from_env("WARPROOM_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let ours = filter_fn(|about| about.target().starts_with("warproom"));
    let to_stderr = fmt::layer().with_writer(std::io::stderr).with_filter(ours);
    tracing_subscriber::registry().with(level).with(to_stderr).init();
}
