// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.cryptodev.jca;

import java.security.GeneralSecurityException;

/** Makes workers of a session. */
@FunctionalInterface
interface WorkerFactory {
    Worker make() throws GeneralSecurityException;
}
