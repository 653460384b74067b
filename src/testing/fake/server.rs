//! A fake at a port, for a client that speaks over the network.

use std::{io, net::SocketAddr, thread};

use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{net::TcpListener, sync::watch};
use url::Url;

use super::FakeService;

/// A [`FakeService`] at a port of this machine, until it is dropped. It has a thread of its own, so
/// that a client of any kind can be tested against it, blocking ones too.
#[derive(Debug)]
pub struct FakeServer {
    address: SocketAddr,
    base_path: String,
    stop: watch::Sender<bool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl FakeService {
    /// Listens at a free port of this machine.
    ///
    /// # Errors
    ///
    /// When the system has no port or no thread to give.
    pub fn start(&self) -> io::Result<FakeServer> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = watch::channel(false);
        let fake = self.clone();
        let thread = thread::Builder::new()
            .name("oasgate-fake".to_owned())
            .spawn(move || runtime.block_on(serve(listener, fake, stopped)))?;
        let first = self.contract.operations().first();
        let declared = crate::gate::base_of(first.map(AsRef::as_ref));
        let base_path = self.setup.base_path.clone();
        Ok(FakeServer {
            address,
            base_path: base_path.unwrap_or_else(|| declared.path().to_owned()),
            stop,
            thread: Some(thread),
        })
    }
}

impl FakeServer {
    /// The URL that the document's paths follow, its first server's base path included.
    pub fn url(&self) -> Url {
        let text = format!("http://{}", self.address);
        let mut url: Url = text
            .parse()
            .unwrap_or_else(|_| unreachable!("an address makes a URL"));
        url.set_path(self.base_path.trim_end_matches('/'));
        url
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // A panic of the server shows itself to the client as a closed connection.
            let _ = thread.join();
        }
    }
}

async fn serve(
    listener: std::net::TcpListener,
    fake: FakeService,
    mut stopped: watch::Receiver<bool>,
) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    let accepting = async {
        while let Ok((stream, _)) = listener.accept().await {
            let service = TowerToHyperService::new(fake.clone());
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::spawn(async move {
                // A connection that breaks is the client's affair, or was wanted.
                let _ = connection.await;
            });
        }
    };
    let stopping = async {
        let _ = stopped.wait_for(|is_stopped| *is_stopped).await;
    };
    tokio::pin!(accepting, stopping);
    futures_util::future::select(accepting, stopping).await;
}
