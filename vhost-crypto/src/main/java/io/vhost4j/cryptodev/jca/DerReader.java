// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev.jca;

import java.math.BigInteger;
import java.security.InvalidKeyException;
import java.util.Arrays;

/** Reads DER, and nothing but DER: lengths are definite, as short as can be, and inside of what holds them. */
final class DerReader {
    static final int INTEGER = 0x02;
    static final int OCTETS = 0x04;
    static final int SEQUENCE = 0x30;

    private final byte[] bytes;
    private int at;
    private final int end;

    private DerReader(byte[] bytes, int at, int end) {
        this.bytes = bytes;
        this.at = at;
        this.end = end;
    }

    /** What is in the sequence that all of {@code bytes} is. */
    static DerReader ofSequence(byte[] bytes) throws InvalidKeyException {
        DerReader outer = new DerReader(bytes, 0, bytes.length);
        DerReader inner = outer.enter(SEQUENCE);
        if (outer.hasMore()) {
            throw new InvalidKeyException("bytes behind the key");
        }
        return inner;
    }

    boolean hasMore() {
        return at < end;
    }

    private DerReader enter(int tag) throws InvalidKeyException {
        if (at >= end || (bytes[at] & 0xFF) != tag) {
            throw new InvalidKeyException("tag " + tag + " expected at byte " + at);
        }
        at++;
        int length = length();
        if (length > end - at) {
            throw new InvalidKeyException("length " + length + " at byte " + at + ": is not there");
        }
        DerReader inner = new DerReader(bytes, at, at + length);
        at += length;
        return inner;
    }

    private int length() throws InvalidKeyException {
        if (at >= end) {
            throw new InvalidKeyException("no length at byte " + at);
        }
        int first = bytes[at++] & 0xFF;
        if (first < 0x80) {
            return first;
        }
        int count = first & 0x7F;
        if (count < 1 || count > 2 || count > end - at) {
            throw new InvalidKeyException("length of " + count + " bytes at byte " + at);
        }
        int length = 0;
        for (int i = 0; i < count; i++) {
            length = length << 8 | bytes[at++] & 0xFF;
        }
        if (length < 0x80 || count == 2 && length < 0x100) {
            throw new InvalidKeyException("length longer than needed at byte " + at);
        }
        return length;
    }

    /** A number that is not negative. */
    BigInteger integer() throws InvalidKeyException {
        DerReader inner = enter(INTEGER);
        int length = inner.end - inner.at;
        if (length == 0 || bytes[inner.at] < 0 || length > 1 && bytes[inner.at] == 0 && bytes[inner.at + 1] >= 0) {
            throw new InvalidKeyException("number at byte " + inner.at + ": empty, negative or too long");
        }
        return new BigInteger(bytes, inner.at, length);
    }

    /** Bytes. */
    byte[] octets() throws InvalidKeyException {
        DerReader inner = enter(OCTETS);
        return Arrays.copyOfRange(bytes, inner.at, inner.end);
    }
}
