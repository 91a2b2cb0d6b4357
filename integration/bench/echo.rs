//! The least a UDP server can do: every datagram goes back as it came, with the bit that makes it a reply.
//!
//! `integration/bench/peers.sh` measures the server beside it: what it takes is the kernel's part, which no server can go
//! below. `echo ADDRESS:PORT` serves until it is ended.

#[cfg(target_os = "linux")]
fn main() -> std::io::Result<()> {
    use std::io::{IoSlice, IoSliceMut};
    use std::os::fd::AsRawFd;

    use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrStorage, recvmmsg, sendmmsg};

    const MESSAGES: usize = 32;

    let Some(address) = std::env::args().nth(1) else {
        return Err(std::io::Error::other("usage: echo ADDRESS:PORT"));
    };
    let socket = std::net::UdpSocket::bind(address)?;
    socket2::SockRef::from(&socket).set_recv_buffer_size(4 << 20)?;
    let mut buffers = vec![[0u8; 2048]; MESSAGES];
    let mut receiving = MultiHeaders::<SockaddrStorage>::preallocate(MESSAGES, None);
    let mut sending = MultiHeaders::<SockaddrStorage>::preallocate(MESSAGES, None);
    let mut arrived: Vec<(usize, Option<SockaddrStorage>)> = Vec::with_capacity(MESSAGES);
    loop {
        arrived.clear();
        {
            let mut each = buffers.iter_mut();
            let mut slices: [[IoSliceMut<'_>; 1]; MESSAGES] =
                std::array::from_fn(|_| [IoSliceMut::new(each.next().expect("there are as many buffers as slices"))]);
            let flags = MsgFlags::MSG_WAITFORONE;
            let received = recvmmsg(socket.as_raw_fd(), &mut receiving, slices.iter_mut(), flags, None)?;
            arrived.extend(received.map(|message| (message.bytes, message.address)));
        }
        for (buffer, (length, _)) in buffers.iter_mut().zip(&arrived) {
            if *length > 2 {
                buffer[2] |= 0x80;
            }
        }
        let slices: Vec<[IoSlice<'_>; 1]> =
            buffers.iter().zip(&arrived).map(|(buffer, (length, _))| [IoSlice::new(&buffer[..*length])]).collect();
        let to: Vec<Option<SockaddrStorage>> = arrived.iter().map(|(_, from)| *from).collect();
        let sent = sendmmsg(socket.as_raw_fd(), &mut sending, slices.iter(), &to, [], MsgFlags::empty());
        // What cannot be sent is lost, as with any datagram.
        let _ = sent.map(Iterator::count);
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> std::io::Result<()> {
    Err(std::io::Error::other("recvmmsg and sendmmsg are Linux's"))
}
