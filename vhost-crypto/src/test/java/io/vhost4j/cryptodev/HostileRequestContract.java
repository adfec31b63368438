// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.cryptodev;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.core.testkit.DriverRing.Buffer;
import io.vhost4j.core.testkit.DriverRing.Used;
import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.crypto.AeadAlgorithm;
import io.vhost4j.crypto.CipherAlgorithm;
import io.vhost4j.crypto.CryptoDevice;
import io.vhost4j.crypto.CryptoKey;
import io.vhost4j.crypto.CryptoOptions;
import io.vhost4j.crypto.HashAlgorithm;
import io.vhost4j.crypto.SessionParameters;
import io.vhost4j.crypto.SessionParameters.Cipher;
import io.vhost4j.cryptodev.CryptoRig.Answer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a guest can do wrong: each request has its status or is dropped, and the next one is served. */
@ExtendWith(LeakCheck.class)
abstract class HostileRequestContract {
    static final int OK = 0;
    static final int ERR = 1;
    static final int NOTSUPP = 3;
    static final int INVSESS = 4;
    static final int NOSPC = 5;

    CryptoRig rig;
    long session;

    abstract boolean packed();

    @BeforeEach
    void start() {
        rig = new CryptoRig(packed(), 0, CryptoDevice.jca(), CryptoOptions.DEFAULT.withMaxSessions(4));
        session = rig.open(cipher(16, true));
    }

    @AfterEach
    void end() {
        assertServed();
        assertFalse(rig.queue.broken());
        rig.close();
    }

    static CryptoKey key(int bytes) {
        return CryptoKey.copyOf(new byte[bytes], 0, bytes);
    }

    static Cipher cipher(int keyBytes, boolean encrypt) {
        return new Cipher(CipherAlgorithm.AES_CBC, key(keyBytes), encrypt);
    }

    private byte[] request(int opcode, long id, long iv, long source, long destination, int kind, int following) {
        return Requests.data(opcode, id, true)
                .u32(iv, source, destination)
                .padTo(24 + 40)
                .u32(kind, 0)
                .padTo(72 + following)
                .toBytes();
    }

    private byte[] good() {
        return request(Requests.ENCRYPT, session, 16, 32, 32, 1, 48);
    }

    private void assertServed() {
        assertEquals(OK, rig.run(good(), 32, 0).status());
    }

    private void assertStatus(int status, byte[] request, int room) {
        Answer answer = rig.run(request, room, 0);
        assertEquals(status, answer.status());
        if (status != OK) {
            assertArrayEquals(new byte[room], answer.destination(), "nothing but the status is written");
        }
    }

    @Test
    void shouldRefuseLengthsThatLie() {
        long[] lies = {17, 33, 0x7fffffffL, 0x80000000L, 0xffffffffL, 0xfffffff0L};
        for (long lie : lies) {
            long more = Math.min(lie + 32, 0xffffffffL);
            assertStatus(ERR, request(Requests.ENCRYPT, session, lie, 32, 32, 1, 48), 32);
            assertStatus(ERR, request(Requests.ENCRYPT, session, 16, more, more, 1, 48), 32);
            assertStatus(ERR, request(Requests.ENCRYPT, session, 16, 32, more, 1, 48), 32);
            assertStatus(ERR, request(Requests.ENCRYPT, session, lie, lie, lie, 1, 48), 32);
        }
    }

    @Test
    void shouldRefuseADestinationShorterThanTheSource() {
        assertStatus(ERR, request(Requests.ENCRYPT, session, 16, 32, 31, 1, 48), 32);
        assertStatus(ERR, request(Requests.ENCRYPT, session, 16, 32, 0, 1, 48), 32);
        assertStatus(ERR, request(Requests.ENCRYPT, session, 16, 32, 32, 1, 48), 31);
        assertStatus(ERR, request(Requests.ENCRYPT, session, 16, 32, 32, 1, 48), 0);
    }

    @Test
    void shouldRefuseWhatTheCipherCannotTake() {
        assertStatus(ERR, request(Requests.ENCRYPT, session, 8, 32, 32, 1, 48), 32);
        assertStatus(ERR, request(Requests.ENCRYPT, session, 0, 32, 32, 1, 48), 32);
        assertStatus(ERR, request(Requests.ENCRYPT, session, 16, 31, 32, 1, 48), 32);
        assertStatus(OK, request(Requests.ENCRYPT, session, 16, 0, 0, 1, 48), 0);
    }

    @Test
    void shouldRefuseSessionsThatDoNotFit() {
        assertStatus(INVSESS, request(Requests.ENCRYPT, session + 1, 16, 32, 32, 1, 48), 32);
        assertStatus(INVSESS, request(Requests.ENCRYPT, 0, 16, 32, 32, 1, 48), 32);
        assertStatus(INVSESS, request(Requests.ENCRYPT, -1, 16, 32, 32, 1, 48), 32);
        assertStatus(INVSESS, request(Requests.HASH, session, 16, 32, 32, 1, 48), 32);
        assertStatus(INVSESS, request(Requests.VERIFY, session, 16, 32, 32, 1, 48), 32);
        assertStatus(ERR, request(Requests.DECRYPT, session, 16, 32, 32, 1, 48), 32);
        assertStatus(ERR, request(Requests.ENCRYPT, session, 16, 32, 32, 2, 48), 32);
        assertStatus(ERR, request(Requests.ENCRYPT, session, 16, 32, 32, 0, 48), 32);
    }

    @Test
    void shouldRefuseOperationsThatDoNotExist() {
        for (int opcode : new int[] {2, 0x101, 0x201, 0x302, 0x404, 0x500, -1, 0x1_0000, 0x8000_0000}) {
            assertStatus(NOTSUPP, request(opcode, session, 16, 32, 32, 1, 48), 32);
        }
    }

    @Test
    void shouldForgetSessionsThatWereClosed() {
        long closed = rig.open(cipher(24, false));
        assertArrayEquals(new byte[] {OK}, rig.control(Requests.destroy(0x003, closed), 1));
        assertStatus(INVSESS, request(Requests.DECRYPT, closed, 16, 32, 32, 1, 48), 32);
        assertArrayEquals(new byte[] {ERR}, rig.control(Requests.destroy(0x003, closed), 1));
        long again = rig.open(cipher(32, false));
        assertTrue(again != closed, "an id is never used again");
        assertStatus(INVSESS, request(Requests.DECRYPT, closed, 16, 32, 32, 1, 48), 32);
        assertStatus(OK, request(Requests.DECRYPT, again, 16, 32, 32, 1, 48), 32);
    }

    @Test
    void shouldLimitSessions() {
        List<Long> opened = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            opened.add(rig.open(cipher(16, true)));
        }
        assertEquals(NOSPC, rig.tryOpen(Requests.create(cipher(16, true))));
        assertEquals(4, rig.backend.counters().sessions());
        rig.control(Requests.destroy(0x003, opened.get(1)), 1);
        rig.open(cipher(16, true));
    }

    @Test
    void shouldRefuseSessionsThatCannotBe() {
        assertEquals(ERR, rig.tryOpen(Requests.create(cipher(17, true))));
        assertEquals(ERR, rig.tryOpen(Requests.create(cipher(0, true))));
        assertEquals(NOTSUPP, rig.tryOpen(Requests.create(new Cipher(CipherAlgorithm.KASUMI_F8, key(16), true))));
        assertEquals(
                NOTSUPP,
                rig.tryOpen(Requests.create(new SessionParameters.Aead(AeadAlgorithm.AES_GCM, key(16), 3, true))));
        byte[] longKey = Requests.create(cipher(16, true));
        Bytes.setInt(longKey, 20, 17);
        assertEquals(ERR, rig.tryOpen(longKey));
        Bytes.setInt(longKey, 20, -1);
        assertEquals(ERR, rig.tryOpen(longKey));
        assertEquals(ERR, rig.tryOpen(new byte[15]));
        assertEquals(NOTSUPP, rig.tryOpen(new byte[72]));
        assertEquals(ERR, rig.tryOpen(new Wire().u32(2).padTo(71).toBytes()));
        assertEquals(NOTSUPP, rig.tryOpen(new Wire().u32(0x502).padTo(72).toBytes()));
        assertEquals(NOTSUPP, rig.tryOpen(new Wire().u32(-1).padTo(72).toBytes()));
        assertEquals(1, rig.backend.counters().sessions());
    }

    @Test
    void shouldAnswerControlRequestsOfAnyLength() {
        byte[] good = Requests.create(cipher(16, true));
        assertEquals(ERR, rig.tryOpen(Arrays.copyOf(good, 16385)));
        assertEquals(ERR, rig.tryOpen(Arrays.copyOf(good, 100_000)));
        assertEquals(OK, rig.tryOpen(Arrays.copyOf(good, 16384)));
    }

    @Test
    void shouldDropControlRequestsWithoutRoomForAnAnswer() {
        for (int room = 0; room < 16; room++) {
            rig.control(Requests.create(cipher(16, true)), room);
        }
        assertEquals(1, rig.backend.counters().sessions());
        assertEquals(16, rig.backend.counters().dropped());
    }

    private Used give(Buffer... chain) {
        rig.driver.add(List.of(chain));
        rig.backend.poll(0);
        List<Used> used = rig.driver.collect();
        assertEquals(1, used.size());
        return used.getFirst();
    }

    @Test
    void shouldDropRequestsWithoutRoomForAStatus() {
        Buffer readable = rig.scatter(good(), 1).getFirst();
        assertEquals(0, give(readable).writtenBytes());
        assertEquals(0, give(readable, readable).writtenBytes());
        Buffer outside = new Buffer(rig.image.end(), 33, true);
        assertEquals(0, give(readable, outside).writtenBytes());
        Buffer status = new Buffer(rig.image.allocate(1, 1), 1, true);
        assertEquals(0, give(status, readable).writtenBytes());
        assertEquals(0, give(new Buffer(-16, 100, false), status).writtenBytes());
        assertEquals(5, rig.backend.counters().dropped());
    }

    @Test
    void shouldAnswerRequestsOfAnyLength() {
        byte[] whole = good();
        for (int bytes = 1; bytes < whole.length; bytes++) {
            assertStatus(ERR, Arrays.copyOf(whole, bytes), 32);
        }
        Buffer status = new Buffer(rig.image.allocate(1, 1), 1, true);
        assertEquals(1, give(status).writtenBytes());
        assertEquals(ERR, rig.image.getByte(status.gpa()));
    }

    @Test
    void shouldRefuseRequestsThatAreTooLong() {
        Buffer all = new Buffer(rig.image.regionStart(0), 8 << 20, false);
        Buffer status = new Buffer(rig.image.allocate(1, 1), 1, true);
        assertEquals(1, give(all, status).writtenBytes());
        assertEquals(ERR, rig.image.getByte(status.gpa()));
        rig.image.setByte(status.gpa(), 9);
        Buffer[] many = new Buffer[60];
        Arrays.fill(many, all);
        many[59] = status;
        assertEquals(1, give(many).writtenBytes());
        assertEquals(ERR, rig.image.getByte(status.gpa()));
        // so much room that its length is more than 31 bits
        Buffer[] wide = new Buffer[60];
        Arrays.fill(wide, new Buffer(rig.image.regionStart(2), 8 << 20, true));
        wide[0] = rig.scatter(good(), 1).getFirst();
        assertEquals(59L * (8 << 20), give(wide).writtenBytes());
    }

    @Test
    void shouldWriteOnlyWhatWasAskedFor() {
        List<Buffer> room = rig.room(100);
        List<Buffer> chain = new ArrayList<>(rig.scatter(good(), 2));
        chain.addAll(room);
        for (Buffer buffer : room) {
            for (long i = 0; i < buffer.bytes(); i++) {
                rig.image.setByte(buffer.gpa() + i, 0x5a);
            }
        }
        rig.driver.addIndirect(chain, rig.image.allocate(16L * chain.size(), 16));
        rig.backend.poll(0);
        rig.driver.collect();
        byte[] all = rig.read(room);
        for (int i = 32; i < 99; i++) {
            assertEquals(0x5a, all[i]);
        }
        assertEquals(OK, all[99]);
    }

    @Test
    void shouldRefuseDigestsLongerThanThereAre() {
        long hash = rig.open(new SessionParameters.Hash(HashAlgorithm.SHA1, 20));
        byte[] request =
                Requests.data(Requests.HASH, hash, true).u32(8, 21).padTo(80).toBytes();
        assertEquals(ERR, rig.run(request, 0, 21).status());
        Bytes.setInt(request, 28, -1);
        assertEquals(ERR, rig.run(request, 0, 21).status());
        Bytes.setInt(request, 28, 20);
        Bytes.setInt(request, 24, 9);
        assertEquals(ERR, rig.run(request, 0, 21).status());
    }

    @Test
    void shouldCheckTheLengthsOfAuthenticatedRequests() {
        long there = rig.open(new SessionParameters.Aead(AeadAlgorithm.AES_GCM, key(16), 16, true));
        long back = rig.open(new SessionParameters.Aead(AeadAlgorithm.AES_GCM, key(16), 16, false));
        assertStatus(ERR, aead(Requests.AEAD_ENCRYPT, there, 12, 4, 32, 47, 0), 64);
        assertStatus(ERR, aead(Requests.AEAD_ENCRYPT, there, 12, 4, 32, 48, 12), 64);
        assertStatus(ERR, aead(Requests.AEAD_ENCRYPT, there, 11, 4, 32, 48, 16), 64);
        assertStatus(ERR, aead(Requests.AEAD_ENCRYPT, there, 12, 0xffffffffL, 32, 48, 16), 64);
        assertStatus(OK, aead(Requests.AEAD_ENCRYPT, there, 12, 4, 32, 48, 16), 64);
        assertStatus(ERR, aead(Requests.AEAD_DECRYPT, back, 12, 4, 15, 48, 16), 64);
        assertStatus(ERR, aead(Requests.AEAD_DECRYPT, back, 12, 4, 32, 15, 16), 64);
        assertStatus(2, aead(Requests.AEAD_DECRYPT, back, 12, 4, 32, 16, 16), 64);
    }

    private static byte[] aead(int opcode, long id, long iv, long aad, long source, long destination, long tag) {
        return Requests.data(opcode, id, true)
                .u32(iv, aad, source, destination, tag)
                .padTo(72 + 64)
                .toBytes();
    }
}
