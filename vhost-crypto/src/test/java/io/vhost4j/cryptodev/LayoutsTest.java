// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.cryptodev;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.cryptodev.CryptoRig.Answer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Requests of revision 1, and such as bring their keys along. */
@ExtendWith(LeakCheck.class)
class LayoutsTest {
    private static final byte[] KEY = new byte[16];
    private static final byte[] IV = "initial vector 1".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] DATA = Arrays.copyOf("what is to be hidden".getBytes(StandardCharsets.US_ASCII), 32);

    private static byte[] encrypted() throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/CBC/NoPadding");
        cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(KEY, "AES"), new IvParameterSpec(IV));
        return cipher.doFinal(DATA);
    }

    private static byte[] hmac(byte[]... parts) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA1");
        mac.init(new SecretKeySpec(KEY, "HmacSHA1"));
        for (byte[] part : parts) {
            mac.update(part);
        }
        return mac.doFinal();
    }

    @Test
    void shouldUseShortFixedPartsWithRevision1() throws GeneralSecurityException {
        try (CryptoRig rig = new CryptoRig(false, CryptoRig.REVISION_1)) {
            byte[] create = new Wire().u32(0x102, 4, 0, 0).u32(4, 32).toBytes();
            long hash = Bytes.longAt(rig.control(create, 16), 0);
            byte[] request = Requests.data(Requests.HASH, hash, true)
                    .u32(DATA.length, 32)
                    .bytes(DATA)
                    .toBytes();
            Answer answer = rig.run(request, 0, 32);
            assertEquals(0, answer.status());
            assertArrayEquals(MessageDigest.getInstance("SHA-256").digest(DATA), answer.result());
            byte[] createMac =
                    new Wire().u32(0x202, 2, 0, 0).u32(2, 20, 16, 0).bytes(KEY).toBytes();
            long mac = Bytes.longAt(rig.control(createMac, 16), 0);
            Answer macAnswer = rig.run(
                    Requests.data(Requests.MAC, mac, true)
                            .u32(DATA.length, 20)
                            .bytes(DATA)
                            .toBytes(),
                    0,
                    20);
            assertArrayEquals(hmac(DATA), macAnswer.result());
            byte[] destroy = new Wire().u32(0x103, 0, 0, 0).u64(hash).toBytes();
            assertArrayEquals(new byte[1], rig.control(destroy, 1));
            byte[] noSession =
                    Requests.data(Requests.HASH, mac, false).u32(0, 0).toBytes();
            assertEquals(3, rig.run(noSession, 0, 0).status(), "stateless requests were not negotiated");
        }
    }

    @Test
    void shouldTakeKeysThatComeWithRequests() throws GeneralSecurityException {
        try (CryptoRig rig = new CryptoRig(true, CryptoRig.REVISION_1 | CryptoRig.STATELESS)) {
            byte[] cipher = Requests.data(Requests.ENCRYPT, 0, false)
                    .u32(3, 16, 1, 16, 32, 32)
                    .padTo(24 + 72)
                    .u32(1)
                    .bytes(KEY)
                    .bytes(IV)
                    .bytes(DATA)
                    .toBytes();
            Answer answer = rig.run(cipher, 32, 0);
            assertEquals(0, answer.status());
            assertArrayEquals(encrypted(), answer.destination());
            byte[] hash = Requests.data(Requests.HASH, 0, false)
                    .u32(2, 32, 20, 0)
                    .bytes(DATA)
                    .toBytes();
            assertArrayEquals(
                    MessageDigest.getInstance("SHA-1").digest(DATA),
                    rig.run(hash, 0, 20).result());
            byte[] mac = Requests.data(Requests.MAC, 0, false)
                    .u32(2, 16, 32, 20)
                    .bytes(KEY)
                    .bytes(DATA)
                    .toBytes();
            assertArrayEquals(hmac(DATA), rig.run(mac, 0, 20).result());
            assertEquals(0, rig.backend.counters().sessions());
            assertEquals(3, rig.backend.counters().ok());
        }
    }

    @Test
    void shouldChainAndAuthenticateWithKeysThatComeWithRequests() throws GeneralSecurityException {
        try (CryptoRig rig = new CryptoRig(false, CryptoRig.REVISION_1 | CryptoRig.STATELESS)) {
            byte[] chain = Requests.data(Requests.ENCRYPT, 0, false)
                    .u32(2, 4, 3, 16, 1, 2, 16, 2)
                    .u32(16, 32, 32, 0, 32, 0, 32, 4, 20, 0)
                    .u32(2)
                    .bytes(KEY)
                    .bytes(KEY)
                    .bytes(IV)
                    .text("more")
                    .bytes(DATA)
                    .toBytes();
            Answer answer = rig.run(chain, 32, 20);
            assertEquals(0, answer.status());
            assertArrayEquals(encrypted(), answer.destination());
            assertArrayEquals(hmac("more".getBytes(StandardCharsets.US_ASCII), encrypted()), answer.result());
            byte[] aead = Requests.data(Requests.AEAD_ENCRYPT, 0, false)
                    .u32(1, 16, 1, 12, 16, 4, 32, 48)
                    .bytes(KEY)
                    .bytes(Arrays.copyOf(IV, 12))
                    .bytes(DATA)
                    .text("more")
                    .toBytes();
            Cipher gcm = Cipher.getInstance("AES/GCM/NoPadding");
            gcm.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(KEY, "AES"), new GCMParameterSpec(128, IV, 0, 12));
            gcm.updateAAD("more".getBytes(StandardCharsets.US_ASCII));
            assertArrayEquals(gcm.doFinal(DATA), rig.run(aead, 48, 0).destination());
        }
    }

    @Test
    void shouldTakeSessionsInTheLayoutOfStatelessRequests() throws GeneralSecurityException {
        try (CryptoRig rig = new CryptoRig(false, CryptoRig.REVISION_1 | CryptoRig.STATELESS)) {
            byte[] create = new Wire()
                    .u32(0x002, 3, 0, 0)
                    .u32(3, 16, 1, 0)
                    .padTo(16 + 48)
                    .u32(1, 0)
                    .bytes(KEY)
                    .toBytes();
            long session = Bytes.longAt(rig.control(create, 16), 0);
            byte[] request = Requests.data(Requests.ENCRYPT, session, true)
                    .u32(0, 0, 0, 16, 32, 32)
                    .padTo(24 + 72)
                    .u32(1)
                    .bytes(IV)
                    .bytes(DATA)
                    .toBytes();
            assertArrayEquals(encrypted(), rig.run(request, 32, 0).destination());
        }
    }

    @Test
    void shouldAnswerStatelessRequestsThatLie() {
        try (CryptoRig rig = new CryptoRig(false, CryptoRig.REVISION_1 | CryptoRig.STATELESS)) {
            for (long length : new long[] {17 + 16 + 32, 0xffffffffL, 0x80000000L}) {
                byte[] cipher = Requests.data(Requests.ENCRYPT, 0, false)
                        .u32(3, length, 1, 16, 32, 32)
                        .padTo(24 + 72)
                        .u32(1)
                        .padTo(100 + 64)
                        .toBytes();
                assertEquals(1, rig.run(cipher, 32, 0).status());
            }
            byte[] unknown = Requests.data(Requests.ENCRYPT, 0, false)
                    .u32(99, 0, 1)
                    .padTo(96)
                    .u32(1)
                    .toBytes();
            assertEquals(3, rig.run(unknown, 32, 0).status());
            byte[] kind = Requests.data(Requests.ENCRYPT, 0, false)
                    .u32(3, 0, 1)
                    .padTo(96)
                    .u32(3)
                    .toBytes();
            assertEquals(3, rig.run(kind, 32, 0).status());
            byte[] rsa = Requests.data(Requests.SIGN, 0, false)
                    .u32(1, 2, 4, 0, 0, 0, 0)
                    .u32(-1)
                    .toBytes();
            assertEquals(1, rig.run(rsa, 32, 0).status());
        }
    }
}
