// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.cryptodev;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.core.memory.Iotlb;
import io.vhost4j.core.ring.RingSetup;
import io.vhost4j.core.testkit.AllocationMeter;
import io.vhost4j.core.testkit.DriverRing;
import io.vhost4j.core.testkit.DriverRing.Buffer;
import io.vhost4j.core.testkit.DriverRing.Used;
import io.vhost4j.core.testkit.GuestImage;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.crypto.CipherAlgorithm;
import io.vhost4j.crypto.CryptoDevice;
import io.vhost4j.crypto.CryptoKey;
import io.vhost4j.crypto.CryptoOptions;
import io.vhost4j.crypto.CryptoRequest;
import io.vhost4j.crypto.CryptoStatus;
import io.vhost4j.crypto.HashAlgorithm;
import io.vhost4j.crypto.SessionParameters;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How requests go through a queue. */
@ExtendWith(LeakCheck.class)
class FlowTest {
    private final CryptoDevice crypto = CryptoDevice.jca();
    private CryptoRig rig;
    private long session;

    private void start(boolean packed) {
        rig = new CryptoRig(packed, 0, crypto, CryptoOptions.DEFAULT.withQueueDepth(8));
        session = rig.open(new SessionParameters.Hash(HashAlgorithm.SHA256, 1));
    }

    @AfterEach
    void end() {
        rig.close();
    }

    /** A request for the first byte of a digest; returns its room. */
    private Buffer offer(DriverRing driver, int content) {
        byte[] request = Requests.data(Requests.HASH, session, true)
                .u32(1, 1)
                .padTo(72)
                .bytes(new byte[] {(byte) content})
                .toBytes();
        Buffer room = new Buffer(rig.image.allocate(2, 1), 2, true);
        rig.image.write(room.gpa(), new byte[] {9, 9});
        List<Buffer> chain = new ArrayList<>(rig.scatter(request, 1));
        chain.add(room);
        driver.add(chain);
        return room;
    }

    private byte[] read(Buffer room) {
        return rig.image.read(room.gpa(), 2);
    }

    private void work(CryptoRequest[] requests, int from, int count) {
        assertEquals(count, crypto.enqueueBurst(7, requests, from, count));
        CryptoRequest[] done = new CryptoRequest[count];
        assertEquals(count, crypto.dequeueBurst(7, done, 0, count));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldGiveBackInOrderWhatCompletesOutOfOrder(boolean packed) {
        start(packed);
        Buffer first = offer(rig.driver, 1);
        Buffer second = offer(rig.driver, 2);
        CryptoRequest[] requests = new CryptoRequest[4];
        assertEquals(2, rig.backend.fetchRequests(0, requests, 0, 4));
        assertEquals(0, rig.backend.fetchRequests(0, requests, 2, 2), "fetched already");
        work(requests, 0, 2);
        rig.backend.finalizeRequests(requests, 1, 1);
        assertEquals(List.of(), rig.driver.collect());
        assertArrayEquals(new byte[] {9, 9}, read(second));
        rig.backend.finalizeRequests(requests, 0, 1);
        assertEquals(
                List.of(2L, 2L),
                rig.driver.collect().stream().map(Used::writtenBytes).toList());
        assertEquals(0, read(first)[1]);
        assertEquals(0, read(second)[1]);
        assertEquals(2, rig.backend.counters().ok());
    }

    @Test
    void shouldFetchNoMoreThanItsDepth() {
        start(true);
        for (int i = 0; i < 20; i++) {
            offer(rig.driver, i);
        }
        CryptoRequest[] requests = new CryptoRequest[32];
        assertEquals(8, rig.backend.fetchRequests(0, requests, 0, 32));
        assertEquals(0, rig.backend.fetchRequests(0, requests, 8, 24));
        work(requests, 0, 3);
        rig.backend.finalizeRequests(requests, 0, 3);
        assertEquals(3, rig.driver.collect().size());
        assertEquals(3, rig.backend.fetchRequests(0, requests, 8, 24));
    }

    @Test
    void shouldFailRequestsThatComeBackWithoutAnAnswer() {
        start(false);
        Buffer room = offer(rig.driver, 1);
        CryptoRequest[] requests = new CryptoRequest[1];
        assertEquals(1, rig.backend.fetchRequests(0, requests, 0, 1));
        rig.backend.finalizeRequests(requests, 0, 1);
        assertEquals(CryptoStatus.ERR.code(), read(room)[1]);
        assertThrows(IndexOutOfBoundsException.class, () -> requests[0].complete(CryptoStatus.OK, 1));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldLeaveToTheNextStartWhatWasNotFinished(boolean packed) {
        start(packed);
        Buffer lost = offer(rig.driver, 1);
        CryptoRequest[] requests = new CryptoRequest[1];
        assertEquals(1, rig.backend.fetchRequests(0, requests, 0, 1));
        int base = rig.queue.base();
        rig.queue.pause();
        assertEquals(base, rig.queue.stop(), "the chain is still the driver's to have served");
        rig.queue.resume();
        work(requests, 0, 1);
        rig.backend.finalizeRequests(requests, 0, 1);
        DriverRing next = rig.start(rig.queue);
        Buffer room = offer(next, 2);
        assertEquals(0, rig.backend.fetchRequests(0, requests, 0, 0));
        rig.backend.poll(0);
        assertEquals(1, next.collect().size());
        assertEquals(0, read(room)[1]);
        assertArrayEquals(new byte[] {9, 9}, read(lost), "what is not in flight is not written");
    }

    @Test
    void shouldStopARingWhoseMemoryIsGone() {
        start(false);
        offer(rig.driver, 1);
        byte[] request =
                Requests.data(Requests.HASH, session, true).u32(1, 1).padTo(80).toBytes();
        Buffer gone = new Buffer(rig.image.end() - 4096, 4096, true);
        List<Buffer> chain = new ArrayList<>(rig.scatter(request, 1));
        chain.add(gone);
        rig.driver.add(chain);
        rig.image.truncate(2, 4096);
        rig.backend.poll(0);
        rig.backend.poll(0);
        assertTrue(rig.queue.broken());
        assertEquals(0, rig.backend.poll(0));
        rig.control(Requests.destroy(0x103, session), 1);
        assertEquals(0, rig.backend.counters().sessions(), "other rings go on");
    }

    @Test
    void shouldWipeKeysWhenSessionsAreClosed() {
        start(false);
        CryptoKey key = CryptoKey.copyOf(new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, 0, 16);
        byte[] bytes = key.bytes();
        Tally tally = new Tally();
        SessionTable table = new SessionTable(crypto, 2, tally);
        long id = table.open(new SessionParameters.Cipher(CipherAlgorithm.AES_CBC, key, true));
        assertTrue(table.close(id));
        assertArrayEquals(new byte[16], bytes);
        assertThrows(IllegalStateException.class, key::bytes);
        CryptoKey bad = CryptoKey.copyOf(new byte[] {1, 2, 3}, 0, 3);
        byte[] badBytes = bad.bytes();
        assertThrows(
                RuntimeException.class,
                () -> table.open(new SessionParameters.Cipher(CipherAlgorithm.AES_CBC, bad, true)));
        assertArrayEquals(new byte[3], badBytes, "also if there is no session");
    }

    @Test
    void shouldServeNobodyOnceClosed() {
        start(false);
        offer(rig.driver, 1);
        rig.backend.close();
        assertEquals(0, rig.backend.poll(0));
        assertEquals(0, rig.backend.poll(1));
        assertEquals(0, rig.backend.counters().sessions());
        rig.backend.close();
    }

    @Test
    void shouldTellWhatItCanDo() {
        start(false);
        byte[] config = new byte[60];
        assertTrue(rig.backend.getConfig(0, config));
        assertEquals(1, Bytes.intAt(config, 0));
        assertEquals(1, Bytes.intAt(config, 4));
        assertEquals(0x1f, Bytes.intAt(config, 8));
        assertEquals(0x23fe, Bytes.intAt(config, 12), "all ciphers but those of mobile networks and F8");
        assertEquals(0x7fe, Bytes.intAt(config, 20));
        assertEquals(0xe, Bytes.intAt(config, 32));
        assertEquals(1 << 20, Bytes.longAt(config, 48));
        assertEquals(0, Bytes.intAt(config, 56));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldWaitForTranslations(boolean packed) {
        start(packed);
        Iotlb iotlb = new Iotlb(16, (iova, permission) -> {});
        rig.queue.pause();
        rig.queue.stop();
        DriverRing driver = DriverRing.create(packed, rig.image, CryptoRig.SIZE);
        rig.queue.start(driver.setup(CryptoRig.RING), rig.image.memory(), iotlb);
        rig.queue.resume();
        Buffer room = offer(driver, 1);
        assertEquals(0, rig.backend.poll(0));
        assertEquals(List.of(), driver.collect());
        long whole = 8 << 20;
        iotlb.update(GuestImage.BASE, whole, GuestImage.BASE + GuestImage.USER_OFFSET, Iotlb.READ | Iotlb.WRITE);
        CryptoRequest[] requests = new CryptoRequest[1];
        assertEquals(1, rig.backend.fetchRequests(0, requests, 0, 1));
        // gone while it is worked on: the result waits
        iotlb.invalidate(GuestImage.BASE, whole);
        rig.queue.pause();
        rig.queue.remap(rig.image.memory(), 0, 0, 0);
        RingSetup setup = driver.setup(CryptoRig.RING);
        rig.queue.remap(rig.image.memory(), setup.desc(), setup.driver(), setup.device());
        rig.queue.resume();
        work(requests, 0, 1);
        rig.backend.finalizeRequests(requests, 0, 1);
        assertArrayEquals(new byte[] {9, 9}, read(room));
        iotlb.update(GuestImage.BASE, whole, GuestImage.BASE + GuestImage.USER_OFFSET, Iotlb.READ | Iotlb.WRITE);
        rig.backend.poll(0);
        assertEquals(1, driver.collect().size());
        assertEquals(0, read(room)[1]);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldServeByADeviceThatTakesItsTime(boolean packed) {
        rig = new CryptoRig(packed, 0, new SlowDevice(crypto), CryptoOptions.DEFAULT.withQueueDepth(8));
        session = rig.open(new SessionParameters.Hash(HashAlgorithm.SHA256, 1));
        List<Buffer> rooms = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            rooms.add(offer(rig.driver, i));
        }
        int given = 0;
        for (int i = 0; i < 100; i++) {
            rig.backend.poll(0);
            given += rig.driver.collect().size();
        }
        assertEquals(20, given);
        for (Buffer room : rooms) {
            assertEquals(0, read(room)[1]);
        }
        assertEquals(0, rig.backend.poll(0), "nothing left to do");
    }

    @Test
    void shouldNotTakeRequestsOfOthers() {
        start(false);
        offer(rig.driver, 1);
        CryptoRequest[] requests = new CryptoRequest[1];
        assertEquals(1, rig.backend.fetchRequests(0, requests, 0, 1));
        try (CryptoRig other = new CryptoRig(false, 0, crypto, CryptoOptions.DEFAULT)) {
            assertThrows(IllegalArgumentException.class, () -> other.backend.finalizeRequests(requests, 0, 1));
        }
    }

    @Test
    void shouldCloseSessionsWhileThreadsUseThem() throws InterruptedException {
        start(true);
        SessionTable table = new SessionTable(crypto, 4, new Tally());
        AtomicBoolean ending = new AtomicBoolean();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        AtomicLong current = new AtomicLong(openCipher(table));
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            int queuePair = 100 + i;
            threads.add(Thread.ofPlatform()
                    .uncaughtExceptionHandler((thread, thrown) -> failure.set(thrown))
                    .start(() -> encrypt(table, current, ending, queuePair)));
        }
        for (int i = 0; i < 2000; i++) {
            long old = current.getAndSet(openCipher(table));
            assertTrue(table.close(old));
        }
        ending.set(true);
        for (Thread thread : threads) {
            thread.join();
        }
        table.closeAll();
        assertNull(failure.get());
    }

    private static long openCipher(SessionTable table) {
        byte[] key = new byte[16];
        return table.open(
                new SessionParameters.Cipher(CipherAlgorithm.AES_ECB, CryptoKey.copyOf(key, 0, key.length), true));
    }

    /** What a session that is open still makes of a block of zeros, or no session any more; never anything else. */
    private void encrypt(SessionTable table, AtomicLong current, AtomicBoolean ending, int queuePair) {
        GuestRequest request = new GuestRequest(new DataQueue(0, 1, 4096, new RequestParser(table), new Tally()));
        CryptoRequest[] burst = {request};
        while (!ending.get()) {
            OpenSession found = table.find(current.get());
            if (found == null) {
                continue;
            }
            request.startInput(16, 17);
            request.session = found;
            request.sourceBytes = 16;
            request.destinationBytes = 16;
            request.startOutput();
            crypto.enqueueBurst(queuePair, burst, 0, 1);
            crypto.dequeueBurst(queuePair, burst, 0, 1);
            if (request.status == CryptoStatus.OK) {
                assertEquals((byte) 0x66, request.output[0], "encrypted with another key");
            }
        }
    }

    /** Hashes allocate nothing in the JCA: so neither does what is around them. */
    @Test
    void shouldAllocateNothingPerRequest() {
        start(true);
        Tally tally = new Tally();
        SessionTable table = new SessionTable(crypto, 2, tally);
        RequestParser parser = new RequestParser(table);
        DataQueue queue = new DataQueue(0, 8, 4096, parser, tally);
        long id = table.open(new SessionParameters.Hash(HashAlgorithm.SHA256, 1));
        List<Buffer> chain = new ArrayList<>(rig.scatter(
                Requests.data(Requests.HASH, id, true).u32(1, 1).padTo(80).toBytes(), 3));
        chain.add(new Buffer(rig.image.allocate(2, 1), 2, true));
        CryptoRequest[] burst = new CryptoRequest[1];
        Runnable serveOne = () -> {
            rig.queue.serve(queue.fetch(burst, 0, 1), true);
            crypto.enqueueBurst(7, burst, 0, 1);
            crypto.dequeueBurst(7, burst, 0, 1);
            queue.finished((GuestRequest) burst[0]);
            rig.queue.serve(queue.finish(), true);
        };
        int rounds = 2000;
        long fewest = Long.MAX_VALUE;
        for (int run = 0; run < 30 && fewest > 0; run++) {
            long sum = 0;
            for (int i = 0; i < rounds; i++) {
                rig.driver.add(chain);
                sum += AllocationMeter.bytesAllocatedBy(serveOne);
                rig.driver.collect();
            }
            fewest = Math.min(fewest, sum);
        }
        assertEquals(0, fewest, "bytes in " + rounds + " requests");
        table.closeAll();
    }
}
