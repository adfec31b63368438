// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.cryptodev;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.core.testkit.LeakCheck;
import io.vhost4j.crypto.AeadAlgorithm;
import io.vhost4j.crypto.CipherAlgorithm;
import io.vhost4j.crypto.CryptoKey;
import io.vhost4j.crypto.CryptoStatus;
import io.vhost4j.crypto.EllipticCurve;
import io.vhost4j.crypto.HashAlgorithm;
import io.vhost4j.crypto.MacAlgorithm;
import io.vhost4j.crypto.RsaPadding;
import io.vhost4j.crypto.SessionParameters;
import io.vhost4j.cryptodev.CryptoRig.Answer;
import io.vhost4j.cryptodev.jca.Ghash;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Known answers of every algorithm, as requests in rings, from sessions of the control queue. */
@ExtendWith(LeakCheck.class)
class VectorTest {
    private CryptoRig rig;

    private void forEach(boolean packed, String kind, Consumer<Vector> check) {
        List<Vector> vectors =
                Vector.all().stream().filter(v -> v.kind().equals(kind)).toList();
        assertTrue(vectors.size() > 10, kind + ": " + vectors.size() + " vectors");
        for (int first = 0; first < vectors.size(); first += 50) {
            try (CryptoRig now = new CryptoRig(packed, 0)) {
                rig = now;
                for (Vector vector : vectors.subList(first, Math.min(first + 50, vectors.size()))) {
                    try {
                        check.accept(vector);
                    } catch (AssertionError | RuntimeException e) {
                        throw new AssertionError(vector + ": " + e.getMessage(), e);
                    }
                }
            }
        }
    }

    private static CryptoKey key(Vector vector) {
        return CryptoKey.copyOf(vector.key(), 0, vector.key().length);
    }

    private Answer cipher(Vector v, boolean encrypt) {
        CipherAlgorithm algorithm = CipherAlgorithm.valueOf(v.algorithm());
        long session = rig.open(new SessionParameters.Cipher(algorithm, key(v), encrypt));
        byte[] source = encrypt ? v.message() : v.cipherText();
        Wire header = Requests.data(encrypt ? Requests.ENCRYPT : Requests.DECRYPT, session, true);
        byte[] request = Requests.cipher(header, v.iv().length, source.length, source.length)
                .bytes(v.iv())
                .bytes(source)
                .toBytes();
        return rig.run(request, source.length, 0);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldEncryptAndDecrypt(boolean packed) {
        forEach(packed, "CIPHER", v -> {
            Answer there = cipher(v, true);
            assertEquals(0, there.status());
            assertArrayEquals(v.cipherText(), there.destination());
            assertEquals(v.cipherText().length + 1, there.used());
            Answer back = cipher(v, false);
            assertEquals(0, back.status());
            assertArrayEquals(v.message(), back.destination());
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldHash(boolean packed) {
        forEach(packed, "HASH", v -> {
            int bytes = v.tag().length;
            long session = rig.open(new SessionParameters.Hash(HashAlgorithm.valueOf(v.algorithm()), bytes));
            byte[] request = Requests.data(Requests.HASH, session, true)
                    .u32(v.message().length, bytes)
                    .padTo(72)
                    .bytes(v.message())
                    .toBytes();
            Answer answer = rig.run(request, 0, bytes);
            assertEquals(0, answer.status());
            assertArrayEquals(v.tag(), answer.result());
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldAuthenticate(boolean packed) {
        forEach(packed, "MAC", v -> {
            int bytes = v.tag().length;
            long session = rig.open(new SessionParameters.Mac(MacAlgorithm.valueOf(v.algorithm()), key(v), bytes));
            byte[] request = Requests.data(Requests.MAC, session, true)
                    .u32(v.message().length, bytes)
                    .padTo(72)
                    .bytes(v.message())
                    .toBytes();
            Answer answer = rig.run(request, 0, bytes);
            assertEquals(0, answer.status());
            assertEquals(v.valid(), Arrays.equals(v.tag(), answer.result()));
        });
    }

    private Answer aead(Vector v, boolean encrypt) {
        return aead(v, v.iv(), encrypt);
    }

    private Answer aead(Vector v, byte[] iv, boolean encrypt) {
        int tag = v.tag().length;
        AeadAlgorithm algorithm = AeadAlgorithm.valueOf(v.algorithm());
        long session = rig.open(new SessionParameters.Aead(algorithm, key(v), tag, encrypt));
        byte[] source = encrypt
                ? v.message()
                : new Wire().bytes(v.cipherText()).bytes(v.tag()).toBytes();
        int destination = encrypt ? source.length + tag : source.length - tag;
        byte[] request = Requests.data(encrypt ? Requests.AEAD_ENCRYPT : Requests.AEAD_DECRYPT, session, true)
                .u32(iv.length, v.aad().length, source.length, destination)
                .padTo(72)
                .bytes(iv)
                .bytes(source)
                .bytes(v.aad())
                .toBytes();
        return rig.run(request, destination, 0);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldEncryptAndAuthenticate(boolean packed) {
        forEach(packed, "AEAD", v -> {
            Answer back = aead(v, false);
            assertEquals((v.valid() ? CryptoStatus.OK : CryptoStatus.BADMSG).code(), back.status());
            if (v.valid()) {
                assertArrayEquals(v.message(), back.destination());
                Answer there = aead(v, true);
                assertEquals(0, there.status());
                assertArrayEquals(
                        new Wire().bytes(v.cipherText()).bytes(v.tag()).toBytes(), there.destination());
            } else {
                assertArrayEquals(new byte[back.destination().length], back.destination(), "nothing is to be seen");
            }
        });
    }

    /** NIST SP 800-38D §7.1, step 2, for other lengths than 12 bytes. */
    private static byte[] firstCounter(Vector v) throws GeneralSecurityException {
        Cipher aes = Cipher.getInstance("AES/ECB/NoPadding");
        aes.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(v.key(), "AES"));
        Ghash hash = new Ghash(aes.doFinal(new byte[16]));
        hash.update(v.iv(), 0, v.iv().length);
        hash.add(0, 8L * v.iv().length);
        byte[] counter = new byte[16];
        hash.store(counter);
        return counter;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldTakeTheFirstCounterOfGcm(boolean packed) {
        forEach(packed, "GHASH", v -> {
            byte[] iv;
            try {
                iv = firstCounter(v);
            } catch (GeneralSecurityException e) {
                throw new AssertionError(e);
            }
            Answer there = aead(v, iv, true);
            assertEquals(0, there.status());
            assertArrayEquals(new Wire().bytes(v.cipherText()).bytes(v.tag()).toBytes(), there.destination());
            Answer back = aead(v, iv, false);
            assertEquals(0, back.status());
            assertArrayEquals(v.message(), back.destination());
            v.tag()[3] ^= 1;
            Answer bad = aead(v, iv, false);
            v.tag()[3] ^= 1;
            assertEquals(2, bad.status());
            assertArrayEquals(new byte[v.message().length], bad.destination());
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldCheckSignatures(boolean packed) {
        forEach(packed, "VERIFY", v -> {
            SessionParameters parameters = v.algorithm().equals("RSA")
                    ? new SessionParameters.Rsa(RsaPadding.PKCS1, HashAlgorithm.SHA256, false, key(v))
                    : new SessionParameters.Ecdsa(EllipticCurve.valueOf(v.algorithm()), false, key(v));
            long session = rig.open(parameters);
            byte[] request = Requests.data(Requests.VERIFY, session, true)
                    .u32(v.cipherText().length, v.message().length)
                    .padTo(72)
                    .bytes(v.cipherText())
                    .bytes(v.message())
                    .toBytes();
            Answer answer = rig.run(request, 0, 0);
            assertEquals((v.valid() ? CryptoStatus.OK : CryptoStatus.KEY_REJECTED).code(), answer.status());
        });
    }
}
