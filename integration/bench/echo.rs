//! The least a UDP server can do: every datagram goes back as it came, with the bit that makes it a reply.
//!
//! `integration/bench/peers.sh` measures the server beside it: what it takes is the kernel's part, which no server can go
//! below. `echo ADDRESS:PORT [THREADS]` serves an IPv4 address until it is ended.

#[cfg(target_os = "linux")]
fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().and_then(|address| address.parse().ok());
    let threads = arguments.next().map_or(Some(1), |threads| threads.parse().ok());
    let (Some(address), Some(threads)) = (address, threads) else {
        return Err(std::io::Error::other("usage: echo ADDRESS:PORT [THREADS]"));
    };
    let echoing: Vec<_> = (0..threads).map(|_| std::thread::spawn(move || echo(address))).collect();
    echoing.into_iter().try_for_each(|one| one.join().expect("it does not panic"))
}

#[cfg(target_os = "linux")]
fn echo(address: std::net::SocketAddrV4) -> std::io::Result<()> {
    use std::io::{IoSlice, IoSliceMut};
    use std::os::fd::AsRawFd;

    use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmmsg};
    use socket2::{Domain, Socket, Type};

    const MESSAGES: usize = 32;
    const OCTETS: usize = 2048;
    // An odd number of cache lines, as the server has.
    const STRIDE: usize = OCTETS + 64;

    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    socket.set_reuse_port(true)?;
    socket.set_recv_buffer_size(4 << 20)?;
    socket.bind(&address.into())?;
    let mut buffers = vec![[0u8; STRIDE]; MESSAGES];
    let mut receiving = MultiHeaders::<SockaddrIn>::preallocate(MESSAGES, None);
    let mut sending = MultiHeaders::<SockaddrIn>::preallocate(MESSAGES, None);
    let mut arrived: Vec<(usize, Option<SockaddrIn>)> = Vec::with_capacity(MESSAGES);
    loop {
        arrived.clear();
        {
            let mut each = buffers.iter_mut();
            let mut slices: [[IoSliceMut<'_>; 1]; MESSAGES] = std::array::from_fn(|_| {
                let buffer = each.next().expect("there are as many buffers as slices");
                [IoSliceMut::new(&mut buffer[..OCTETS])]
            });
            let flags = MsgFlags::MSG_WAITFORONE;
            let received = recvmmsg(socket.as_raw_fd(), &mut receiving, slices.iter_mut(), flags, None)?;
            arrived.extend(received.map(|message| (message.bytes, message.address)));
        }
        for (buffer, (length, _)) in buffers.iter_mut().zip(&arrived) {
            if *length > 2 {
                buffer[2] |= 0x80;
            }
        }
        let slices: [[IoSlice<'_>; 1]; MESSAGES] = std::array::from_fn(|index| {
            let length = arrived.get(index).map_or(0, |(length, _)| *length);
            [IoSlice::new(&buffers[index][..length])]
        });
        let to: [Option<SockaddrIn>; MESSAGES] =
            std::array::from_fn(|index| arrived.get(index).and_then(|(_, from)| *from));
        let (slices, to) = (&slices[..arrived.len()], &to[..arrived.len()]);
        let sent = sendmmsg(socket.as_raw_fd(), &mut sending, slices, to, [], MsgFlags::empty());
        // What cannot be sent is lost, as with any datagram.
        let _ = sent.map(Iterator::count);
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> std::io::Result<()> {
    Err(std::io::Error::other("recvmmsg and sendmmsg are Linux's"))
}
