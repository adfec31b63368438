// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.bench.peer;

/** A run that cannot be made or has no result. The message says why and what to do. */
final class BenchFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BenchFailure(String message) {
        super(message);
    }

    BenchFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
