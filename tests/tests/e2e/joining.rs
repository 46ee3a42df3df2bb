//! Joining.

use warproom_tests::harness::Warp;

#[tokio::test]
async fn a_warp_starts() -> anyhow::Result<()> {
    let warp = Warp::start().await?;
    let org = warp.organisation("Dover District Council").await?;
    let dan = warp.officer("dan", org).await?;
    let room = warp
        .room(&[warp.manager(), &dan], warproom_proto::Label::Red, warproom_proto::Label::Amber)
        .await?;
    dan.post(room, warproom_proto::Label::Amber, "hi").await?;
    Ok(())
}
