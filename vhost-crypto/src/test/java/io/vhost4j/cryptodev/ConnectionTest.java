// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.cryptodev;

import static io.vhost4j.core.protocol.RequestCode.CLOSE_CRYPTO_SESSION;
import static io.vhost4j.core.protocol.RequestCode.CREATE_CRYPTO_SESSION;
import static io.vhost4j.core.protocol.RequestCode.GET_FEATURES;
import static io.vhost4j.core.protocol.RequestCode.GET_PROTOCOL_FEATURES;
import static io.vhost4j.core.protocol.RequestCode.GET_QUEUE_NUM;
import static io.vhost4j.core.protocol.RequestCode.GET_VRING_BASE;
import static io.vhost4j.core.protocol.RequestCode.SET_FEATURES;
import static io.vhost4j.core.protocol.RequestCode.SET_LOG_BASE;
import static io.vhost4j.core.protocol.RequestCode.SET_MEM_TABLE;
import static io.vhost4j.core.protocol.RequestCode.SET_OWNER;
import static io.vhost4j.core.protocol.RequestCode.SET_PROTOCOL_FEATURES;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_ADDR;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_BASE;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_CALL;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_KICK;
import static io.vhost4j.core.protocol.RequestCode.SET_VRING_NUM;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.ConfigurationException;
import io.vhost4j.ProtocolFeature;
import io.vhost4j.VhostDevice;
import io.vhost4j.VhostDeviceOps;
import io.vhost4j.VhostDriver;
import io.vhost4j.VirtioFeature;
import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.MemFd;
import io.vhost4j.core.linux.OwnedFd;
import io.vhost4j.core.memory.DirtyLog;
import io.vhost4j.core.testkit.FakeFrontend;
import io.vhost4j.core.testkit.FrontendMemory;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.core.testkit.Payload;
import io.vhost4j.crypto.CallList;
import io.vhost4j.crypto.CryptoDevice;
import io.vhost4j.crypto.CryptoOptions;
import io.vhost4j.crypto.CryptoRequest;
import io.vhost4j.crypto.VhostCrypto;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A driver with a socket, and a front-end that behaves as QEMU does for a crypto device. */
@ExtendWith(LeakCheck.class)
@Timeout(60)
class ConnectionTest implements VhostDeviceOps {
    private static final byte[] NOTHING = {};
    /** Where requests and results are, behind the rings. */
    private static final int REQUEST = 0x8_0000;

    private static final int ROOM = 0x9_0000;

    @TempDir
    private Path folder;

    private final CryptoDevice crypto = CryptoDevice.jca();
    private final LinkedBlockingQueue<String> events = new LinkedBlockingQueue<>();
    private FrontendMemory guest;
    private VhostDriver driver;
    private volatile VhostCrypto backend;
    private FakeFrontend frontend;
    private EventFd call;

    @Override
    public void newConnection(VhostDevice device) {
        backend = VhostCrypto.create(device, crypto, CryptoOptions.DEFAULT);
        device.attach(backend);
        events.add("newConnection");
    }

    @Override
    public void newDevice(VhostDevice device) {
        events.add("newDevice");
    }

    @Override
    public void destroyDevice(VhostDevice device) {
        events.add("destroyDevice");
    }

    @Override
    public void destroyConnection(VhostDevice device) {
        ((VhostCrypto) device.attachment()).close();
        events.add("destroyConnection");
    }

    @BeforeEach
    void listen() throws InterruptedException {
        Path socket = folder.resolve("s");
        driver = VhostDriver.register(socket);
        driver.callbackRegister(this);
        VhostCrypto.driverStart(socket);
        call = EventFd.create();
        guest = new FrontendMemory(1 << 20);
        connect();
    }

    private void connect() throws InterruptedException {
        frontend = FakeFrontend.connect(folder.resolve("s").toString());
        await("newConnection");
    }

    @AfterEach
    void close() {
        frontend.close();
        driver.close();
        call.close();
        guest.close();
    }

    private void await(String event) throws InterruptedException {
        assertEquals(event, events.poll(10, TimeUnit.SECONDS));
    }

    private void negotiate() {
        frontend.send(SET_OWNER, NOTHING);
        long offered = frontend.ask(GET_FEATURES, NOTHING).u64();
        assertTrue(VirtioFeature.RING_PACKED.in(offered));
        assertEquals(1, offered & 0x3f, "revision 1, nothing stateless");
        long protocol = frontend.ask(GET_PROTOCOL_FEATURES, NOTHING).u64();
        assertTrue(ProtocolFeature.CRYPTO_SESSION.in(protocol));
        assertFalse(ProtocolFeature.STATUS.in(protocol));
        frontend.send(SET_PROTOCOL_FEATURES, Payload.number(protocol));
        assertEquals(8, frontend.ask(GET_QUEUE_NUM, NOTHING).u64());
        frontend.send(SET_FEATURES, Payload.number(1L << 30));
    }

    /** As QEMU: no feature of the ring's, no SET_VRING_ENABLE. */
    private void startRing() throws InterruptedException {
        negotiate();
        frontend.send(SET_MEM_TABLE, guest.table(), guest.fd());
        frontend.send(SET_VRING_NUM, Payload.state(0, 64));
        frontend.send(SET_VRING_BASE, Payload.state(0, 0));
        frontend.send(SET_VRING_ADDR, Payload.addresses(0, 0, guest.desc(0), guest.used(0), guest.avail(0)));
        try (EventFd kick = EventFd.create()) {
            frontend.send(SET_VRING_KICK, Payload.number(0), kick.fd());
        }
        frontend.send(SET_VRING_CALL, Payload.number(0), call.fd());
        frontend.ask(GET_QUEUE_NUM, NOTHING);
        await("newDevice");
    }

    /** AES in CBC mode with a key of zeros. */
    private static byte[] session(int length) {
        return new Wire()
                .u64(length == 1072 ? 2 : 0)
                .u32(3, 16, 0, 0, 0, 0)
                .u32(1 | 1 << 8)
                .padTo(length)
                .toBytes();
    }

    private long open(int length) {
        byte[] answer = frontend.ask(CREATE_CRYPTO_SESSION, session(length)).payload();
        assertEquals(length, answer.length);
        return Bytes.longAt(answer, length == 1072 ? 1064 : 0);
    }

    private void descriptor(int slot, long at, int bytes, int flags) {
        MemorySegment memory = guest.memory();
        long desc = guest.desc(0) - FrontendMemory.USER + 16L * slot;
        memory.set(ValueLayout.JAVA_LONG, desc, FrontendMemory.GPA + at);
        memory.set(ValueLayout.JAVA_INT, desc + 8, bytes);
        memory.set(ValueLayout.JAVA_INT, desc + 12, flags | slot + 1 << 16);
    }

    /** Offers the chain with 16 bytes of zeros, encrypted by a vector of zeros, as request number {@code number} from 1. */
    private void offer(long session, int number) {
        byte[] request = Requests.cipher(Requests.data(Requests.ENCRYPT, session, false), 16, 16, 16)
                .padTo(72 + 32)
                .toBytes();
        for (int i = 0; i < request.length; i++) {
            guest.memory().set(ValueLayout.JAVA_BYTE, REQUEST + i, request[i]);
        }
        guest.memory().asSlice(ROOM, 17).fill((byte) 0x77);
        descriptor(0, REQUEST, request.length, 1);
        descriptor(1, ROOM, 17, 2);
        guest.putU16(guest.avail(0) + 4 + 2L * (number - 1), 0);
        guest.putU16(guest.avail(0) + 2, number);
    }

    private byte[] result() {
        return guest.memory().asSlice(ROOM, 17).toArray(ValueLayout.JAVA_BYTE);
    }

    /** FIPS 197's cipher of a block of zeros with a key of zeros, and the status. */
    private static final byte[] EXPECTED = HexFormat.of().parseHex("66e94bd4ef8a2c3b884cfa59ca342b2e" + "00");

    @Test
    void shouldServeAFrontEndThatBehavesAsQemu() throws InterruptedException {
        long early = open(632);
        assertTrue(early > 0, "a session before the device is ready");
        startRing();
        offer(early, 1);
        assertEquals(2, backend.poll(0));
        assertArrayEquals(EXPECTED, result());
        assertEquals(1, call.drain());
        offer(open(1072), 2);
        backend.poll(0);
        assertArrayEquals(EXPECTED, result());
        frontend.send(CLOSE_CRYPTO_SESSION, Payload.number(early));
        frontend.ask(GET_QUEUE_NUM, NOTHING);
        offer(early, 3);
        backend.poll(0);
        assertEquals(4, result()[16]);
        assertEquals(3, frontend.ask(GET_VRING_BASE, Payload.state(0, 0)).u32(4));
        await("destroyDevice");
        assertEquals(0, backend.poll(0));
    }

    @Test
    void shouldKeepTheConnectionWhateverIsSaidOfSessions() {
        negotiate();
        frontend.send(CLOSE_CRYPTO_SESSION, Payload.number(12345));
        assertEquals(1, frontend.sendForAck(CLOSE_CRYPTO_SESSION, Payload.number(12345)));
        long id = open(1072);
        assertEquals(0, frontend.sendForAck(CLOSE_CRYPTO_SESSION, Payload.number(id)));
        byte[] bad = session(1072);
        Bytes.setInt(bad, 12, 65);
        byte[] answer = frontend.ask(CREATE_CRYPTO_SESSION, bad).payload();
        assertEquals(-1, Bytes.longAt(answer, 1064));
        Bytes.setInt(bad, 8, 10);
        Bytes.setInt(bad, 12, 16);
        assertEquals(-3, Bytes.longAt(frontend.ask(CREATE_CRYPTO_SESSION, bad).payload(), 1064));
        assertEquals(0, backend.counters().sessions());
    }

    @Test
    void shouldEndAConnectionWithASessionOfUnknownLength() throws InterruptedException {
        negotiate();
        frontend.send(CREATE_CRYPTO_SESSION, new byte[100]);
        frontend.awaitClosed();
        await("destroyConnection");
    }

    @Test
    void shouldForgetSessionsWithTheConnection() throws InterruptedException {
        long id = open(632);
        VhostCrypto before = backend;
        frontend.close();
        await("destroyConnection");
        assertEquals(0, before.counters().sessions());
        connect();
        startRing();
        offer(id, 1);
        backend.poll(0);
        assertEquals(4, result()[16]);
    }

    @Test
    void shouldBeFoundByItsDevicesNumber() throws InterruptedException {
        int vid = backend.device().vid();
        assertSame(backend, VhostCrypto.of(vid));
        VhostCrypto.free(vid);
        assertNull(VhostCrypto.of(vid));
        startRing();
        assertEquals(0, backend.poll(0));
        assertFalse(backend.setZeroCopy(true));
    }

    @Test
    void shouldLeaveNotificationsToTheCaller() throws InterruptedException {
        startRing();
        offer(open(632), 1);
        CryptoRequest[] requests = new CryptoRequest[4];
        assertEquals(1, backend.fetchRequests(0, requests, 0, 4));
        crypto.enqueueBurst(200, requests, 0, 1);
        crypto.dequeueBurst(200, requests, 0, 1);
        CallList calls = new CallList();
        backend.finalizeRequests(requests, 0, 1, calls);
        assertEquals(1, calls.size());
        assertEquals(0, call.drain());
        assertArrayEquals(EXPECTED, result());
        calls.callAll();
        assertEquals(1, call.drain());
        assertEquals(0, calls.size());
    }

    @Test
    void shouldLogWhatItWrites() throws InterruptedException {
        startRing();
        try (OwnedFd file = MemFd.create("log", 4096)) {
            assertEquals(
                    0,
                    frontend.ask(SET_LOG_BASE, new Payload().u64(4096).u64(0).toBytes(), file.fd())
                            .u64());
            frontend.send(SET_FEATURES, Payload.number(1L << 30 | VirtioFeature.LOG_ALL.mask()));
            frontend.ask(GET_QUEUE_NUM, NOTHING);
            DirtyLog log = DirtyLog.map(file, 4096, 0);
            log.bits().fill((byte) 0);
            offer(open(632), 1);
            backend.poll(0);
            assertTrue(marked(log, FrontendMemory.GPA + ROOM));
            assertTrue(marked(log, FrontendMemory.GPA + guest.used(0) - FrontendMemory.USER));
            assertFalse(marked(log, FrontendMemory.GPA + REQUEST));
            log.release();
        }
    }

    private static boolean marked(DirtyLog log, long gpa) {
        long page = gpa / 4096;
        return (log.bits().get(ValueLayout.JAVA_BYTE, page / 8) >> page % 8 & 1) != 0;
    }

    @Test
    void shouldNotServeDevicesOfOtherDrivers() throws InterruptedException {
        Path other = folder.resolve("net");
        AtomicReference<String> refusal = new AtomicReference<>();
        CountDownLatch connected = new CountDownLatch(1);
        try (VhostDriver net = VhostDriver.register(other)) {
            net.callbackRegister(new VhostDeviceOps() {
                @Override
                public void newConnection(VhostDevice device) {
                    try {
                        VhostCrypto.create(device, crypto, CryptoOptions.DEFAULT)
                                .close();
                    } catch (ConfigurationException e) {
                        refusal.set(e.getMessage());
                    }
                    connected.countDown();
                }

                @Override
                public void newDevice(VhostDevice device) {
                    // never
                }

                @Override
                public void destroyDevice(VhostDevice device) {
                    // never
                }
            });
            net.start();
            try (FakeFrontend second = FakeFrontend.connect(other.toString())) {
                assertTrue(connected.await(10, TimeUnit.SECONDS));
                assertTrue(second.ask(GET_FEATURES, NOTHING).u64() != 0);
            }
        }
        assertTrue(refusal.get().contains("driverStart"), refusal.get());
    }

    @Test
    void shouldWantItsOwnDrivers() {
        assertThrows(ConfigurationException.class, () -> VhostCrypto.driverStart(folder.resolve("other")));
        assertThrows(ConfigurationException.class, () -> CryptoOptions.DEFAULT.withDataQueues(0));
        assertThrows(ConfigurationException.class, () -> CryptoOptions.DEFAULT.withMaxRequestBytes(1));
        assertNotNull(CryptoOptions.DEFAULT.withStateless(true).withControlQueue(true));
    }
}
