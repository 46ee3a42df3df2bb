//! A bot that answers every post with "status?" in it, in every room it is granted.

use warproom_client::proto::{Secret, calls::ListRooms};
use warproom_client::{Credentials, Event, connect};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::var("WARPROOM_ADDRESS")?.parse()?;
    let token = Secret::from(std::env::var("WARPROOM_TOKEN")?);
    let (client, mut events) = connect(address, Credentials::Token(token)).await?;
    for room in client.call(ListRooms::default()).await?.rooms {
        client.follow(room.room, None).await?;
    }
    while let Some(event) = events.next().await {
        if let Event::Entry(entry) = event
            && entry.text().is_some_and(|text| text.contains("status?"))
            && let Some(label) = entry.label()
        {
            client.post(entry.room, label, "All systems are up.").await?;
        }
    }
    Ok(())
}
