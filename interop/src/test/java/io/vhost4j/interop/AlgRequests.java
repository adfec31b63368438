// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** The requests that the guest's program {@code alg} makes, and their results by the JDK. */
final class AlgRequests {
    private static final int BLOCK = 16;
    private static final int MOST = 65536;
    private static final int KEY_LASTS = 16;
    private static final int REPORT = 100;

    private long state;
    private SecretKeySpec key = new SecretKeySpec(new byte[BLOCK], "AES");

    AlgRequests(long seed) {
        state = seed;
    }

    /** What the program prints for so many requests. */
    String digests(int requests) {
        List<String> lines = new ArrayList<>();
        long digest = 0xcbf29ce484222325L;
        try {
            Cipher cipher = Cipher.getInstance("AES/CBC/NoPadding");
            for (int i = 0; i < requests; i++) {
                if (i % KEY_LASTS == 0) {
                    key = nextKey();
                }
                for (byte one : nextResult(cipher)) {
                    digest = (digest ^ one & 0xFF) * 0x100000001b3L;
                }
                if ((i + 1) % REPORT == 0 || i + 1 == requests) {
                    lines.add(String.format(Locale.ROOT, "%d %016x", i + 1, digest));
                }
            }
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
        return String.join("\n", lines);
    }

    private SecretKeySpec nextKey() {
        int bytes = 16 + 8 * (int) ((next() >>> 32) % 3);
        return new SecretKeySpec(fill(32), 0, bytes, "AES");
    }

    private byte[] nextResult(Cipher cipher) throws GeneralSecurityException {
        long word = next();
        long limit = 1L << (4 + (word >>> 16) % 13);
        long bytes = Math.min(MOST, BLOCK + (word >>> 32) % limit / BLOCK * BLOCK);
        byte[] iv = fill(BLOCK);
        byte[] data = fill((int) bytes);
        cipher.init((word & 1) != 0 ? Cipher.ENCRYPT_MODE : Cipher.DECRYPT_MODE, key, new IvParameterSpec(iv));
        return cipher.doFinal(data);
    }

    private byte[] fill(int bytes) {
        byte[] data = new byte[bytes];
        for (int i = 0; i < bytes; i += Long.BYTES) {
            long word = next();
            for (int k = 0; k < Math.min(Long.BYTES, bytes - i); k++) {
                data[i + k] = (byte) (word >>> Byte.SIZE * k);
            }
        }
        return data;
    }

    /** xorshift64*. */
    private long next() {
        state ^= state >>> 12;
        state ^= state << 25;
        state ^= state >>> 27;
        return state * 0x2545F4914F6CDD1DL;
    }
}
