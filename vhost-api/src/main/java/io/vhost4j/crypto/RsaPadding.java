// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.crypto;

import org.jspecify.annotations.Nullable;

/** How RSA pads. */
public enum RsaPadding {
    /** Not at all: numbers as they are, with leading zeros. */
    RAW(0),
    /** PKCS #1 v1.5. */
    PKCS1(1);

    private static final RsaPadding[] ALL = values();

    private final int code;

    RsaPadding(int code) {
        this.code = code;
    }

    /** The number of virtio, which is also its bit in the configuration space. */
    public int code() {
        return code;
    }

    /** The algorithm with this number, or null if there is none. */
    public static @Nullable RsaPadding of(int code) {
        for (RsaPadding one : ALL) {
            if (one.code == code) {
                return one;
            }
        }
        return null;
    }
}
