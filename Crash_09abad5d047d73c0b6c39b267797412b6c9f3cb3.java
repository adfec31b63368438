import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;

public class Crash_09abad5d047d73c0b6c39b267797412b6c9f3cb3 {
    static final String base64Bytes = String.join("", "UEAHowAAAAB1dXV1//8NAAAAAADDkwAAAAAAAACawsItwsLDDEAsCv8ABCQq/iYAWAAK/wAEJCr+JgBYANra2tpdAAAAAD4+Pj4+Pj4+Pj4+Pj4+Pk1NTU1NTU1NTU1NTU1NTU1NTU1NPj7Ozs7Ozs7Ozs7Ozs7Ozs7Ozs7Ozs7OAAAAAAAAAAAAAAAAAAAAAAAAAAA+Pj4+Pj4+PgAA");

    public static void main(String[] args) throws Throwable {
        Crash_09abad5d047d73c0b6c39b267797412b6c9f3cb3.class.getClassLoader().setDefaultAssertionStatus(true);
        try {
            Method fuzzerInitialize = io.vhost4j.core.session.SessionTarget.class.getMethod("fuzzerInitialize");
            fuzzerInitialize.invoke(null);
        } catch (NoSuchMethodException ignored) {
            try {
                Method fuzzerInitialize = io.vhost4j.core.session.SessionTarget.class.getMethod("fuzzerInitialize", String[].class);
                fuzzerInitialize.invoke(null, (Object) args);
            } catch (NoSuchMethodException ignored1) {
            } catch (IllegalAccessException | InvocationTargetException e) {
                e.printStackTrace();
                System.exit(1);
            }
        } catch (IllegalAccessException | InvocationTargetException e) {
            e.printStackTrace();
            System.exit(1);
        }
        byte[] input = java.util.Base64.getDecoder().decode(base64Bytes);
        io.vhost4j.core.session.SessionTarget.fuzzerTestOneInput(input);
    }
}