// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.cryptodev;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Little-endian fields one behind the other. */
final class Wire {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Wire u32(long... values) {
        for (long value : values) {
            number(value, Integer.BYTES);
        }
        return this;
    }

    Wire u64(long value) {
        return number(value, Long.BYTES);
    }

    private Wire number(long value, int bytes) {
        for (int i = 0; i < bytes; i++) {
            out.write((int) (value >>> Byte.SIZE * i));
        }
        return this;
    }

    Wire bytes(byte[] bytes) {
        out.writeBytes(bytes);
        return this;
    }

    Wire text(String text) {
        return bytes(text.getBytes(StandardCharsets.US_ASCII));
    }

    /** Zeros up to a length. */
    Wire padTo(int length) {
        while (out.size() < length) {
            out.write(0);
        }
        return this;
    }

    byte[] toBytes() {
        return out.toByteArray();
    }
}
