// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.cryptodev;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.crypto.CipherAlgorithm;
import io.vhost4j.crypto.CryptoException;
import io.vhost4j.crypto.CryptoStatus;
import io.vhost4j.crypto.EllipticCurve;
import io.vhost4j.crypto.HashAlgorithm;
import io.vhost4j.crypto.MacAlgorithm;
import io.vhost4j.crypto.RsaPadding;
import io.vhost4j.crypto.SessionParameters;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class SessionMessageTest {
    private static final byte[] KEY = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    /** Cipher, hash and lengths, and what is in single bytes. */
    private static Wire symmetric(
            Wire before, int cipherKey, int authKey, int kind, int direction, int mode, int order) {
        return before.u32(3, cipherKey, 2, 20, authKey, 0).u32(kind | direction << 8 | mode << 16 | order << 24);
    }

    private static byte[] withKeys(Wire numbers, int length) {
        return numbers.padTo(40)
                .u64(0xdead_beef_dead_beefL)
                .u64(-1)
                .bytes(KEY)
                .padTo(120)
                .text("auth-key")
                .padTo(length)
                .toBytes();
    }

    /** QEMU 8.0 and later. */
    private static byte[] newLayout(int cipherKey, int authKey, int kind) {
        return withKeys(symmetric(new Wire().u64(2), cipherKey, authKey, kind, 1, 2, 2), 1072);
    }

    /** QEMU 7.1 and 7.2. */
    private static byte[] oldLayout(int kind, int direction) {
        return withKeys(symmetric(new Wire().u64(0), 16, 8, kind, direction, 2, 1), 632);
    }

    /** QEMU up to 7.0. */
    private static byte[] oldestLayout(int kind, int direction) {
        return withKeys(symmetric(new Wire().u64(0).u32(2), 16, 8, kind, direction, 2, 1), 632);
    }

    private static void assertCipher(byte[] payload, boolean encrypt) {
        var cipher = assertInstanceOf(SessionParameters.Cipher.class, new SessionMessage(payload).parameters());
        assertEquals(CipherAlgorithm.AES_CBC, cipher.algorithm());
        assertArrayEquals(KEY, cipher.key().bytes());
        assertEquals(encrypt, cipher.encrypt());
    }

    @Test
    void shouldReadEachLayout() {
        assertCipher(newLayout(16, 0, 1), true);
        assertCipher(oldLayout(1, 2), false);
        assertCipher(oldestLayout(1, 2), false);
        assertTrue(SessionMessage.isKnownSize(632));
        assertTrue(SessionMessage.isKnownSize(1072));
        assertFalse(SessionMessage.isKnownSize(631));
    }

    @Test
    void shouldReadChains() {
        for (byte[] payload : new byte[][] {newLayout(16, 8, 2), oldLayout(2, 1), oldestLayout(2, 1)}) {
            var chain = assertInstanceOf(SessionParameters.Chain.class, new SessionMessage(payload).parameters());
            assertEquals(payload.length == 632, chain.digestFirst());
            var mac = assertInstanceOf(SessionParameters.Mac.class, chain.digest());
            assertEquals(MacAlgorithm.HMAC_SHA1, mac.algorithm());
            assertEquals(20, mac.resultBytes());
            assertArrayEquals(
                    "auth-key".getBytes(StandardCharsets.US_ASCII), mac.key().bytes());
        }
    }

    private static byte[] asymmetric(int algorithm, int keyType, int keyBytes, int first, int second) {
        return new Wire()
                .u64(0x404)
                .u32(algorithm, keyType, keyBytes, 0)
                .u64(-1)
                .u32(first, second)
                .bytes(KEY)
                .padTo(1072)
                .toBytes();
    }

    @Test
    void shouldReadAsymmetricSessions() {
        var rsa = assertInstanceOf(
                SessionParameters.Rsa.class, new SessionMessage(asymmetric(1, 2, 16, 1, 6)).parameters());
        assertEquals(RsaPadding.PKCS1, rsa.padding());
        assertEquals(HashAlgorithm.SHA256, rsa.hash());
        assertTrue(rsa.privateKey());
        assertArrayEquals(KEY, rsa.key().bytes());
        var ecdsa = assertInstanceOf(
                SessionParameters.Ecdsa.class, new SessionMessage(asymmetric(2, 1, 16, 3, 0)).parameters());
        assertEquals(EllipticCurve.P256, ecdsa.curve());
        assertFalse(ecdsa.privateKey());
    }

    private static void assertRefused(CryptoStatus status, byte[] payload) {
        CryptoException thrown = assertThrows(CryptoException.class, () -> new SessionMessage(payload).parameters());
        assertEquals(status, thrown.status(), thrown.getMessage());
    }

    @Test
    void shouldRefuseKeysLongerThanTheirFields() {
        assertRefused(CryptoStatus.ERR, newLayout(65, 0, 1));
        assertRefused(CryptoStatus.ERR, newLayout(-1, 0, 1));
        assertRefused(CryptoStatus.ERR, newLayout(Integer.MIN_VALUE, 0, 1));
        assertRefused(CryptoStatus.ERR, newLayout(16, 513, 2));
        assertRefused(CryptoStatus.ERR, newLayout(16, -16, 2));
        assertRefused(CryptoStatus.ERR, asymmetric(1, 1, 1025, 0, 0));
        assertRefused(CryptoStatus.ERR, asymmetric(1, 1, -1, 0, 0));
        assertEquals(
                64,
                ((SessionParameters.Cipher) new SessionMessage(newLayout(64, 0, 1)).parameters())
                        .key()
                        .length());
    }

    @Test
    void shouldRefuseWhatDoesNotExist() {
        assertRefused(CryptoStatus.NOTSUPP, newLayout(16, 0, 3));
        assertRefused(CryptoStatus.NOTSUPP, oldLayout(1, 3));
        assertRefused(CryptoStatus.NOTSUPP, asymmetric(3, 1, 16, 0, 0));
        assertRefused(CryptoStatus.ERR, asymmetric(1, 3, 16, 0, 0));
        assertRefused(CryptoStatus.NOTSUPP, asymmetric(1, 1, 16, 2, 0));
        assertRefused(CryptoStatus.NOTSUPP, asymmetric(1, 1, 16, 1, 1));
        assertRefused(CryptoStatus.NOTSUPP, asymmetric(2, 1, 16, 77, 0));
        assertRefused(CryptoStatus.NOTSUPP, new Wire().u64(0x302).padTo(1072).toBytes());
        assertRefused(CryptoStatus.NOTSUPP, new byte[632]);
    }

    @Test
    void shouldAnswerWithoutTheKeys() {
        byte[] payload = newLayout(16, 8, 2);
        new SessionMessage(payload).answer(77);
        assertEquals(77, Bytes.longAt(payload, 1064));
        assertArrayEquals(new byte[1064 - 56], Arrays.copyOfRange(payload, 56, 1064));
        payload = oldLayout(1, 1);
        new SessionMessage(payload).answer(-3);
        assertEquals(-3, Bytes.longAt(payload, 0));
        assertArrayEquals(new byte[632 - 56], Arrays.copyOfRange(payload, 56, 632));
        payload = asymmetric(1, 1, 16, 0, 0);
        new SessionMessage(payload).answer(5);
        assertEquals(5, Bytes.longAt(payload, 1064));
        assertArrayEquals(new byte[1024], Arrays.copyOfRange(payload, 40, 1064));
    }
}
